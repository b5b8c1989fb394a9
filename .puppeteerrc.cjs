// Installing lengthwise never downloads a browser behind the user's back: src/setup/setup.mjs finds one.
module.exports = { skipDownload: true };
