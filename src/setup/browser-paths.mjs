// Where browsers are. Dependency-free: the set-up script runs before anything is installed.
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** What a person can do when no browser is found. */
export const INSTALL_HINT =
  'Install one (Debian: `apt-get install chromium`; otherwise https://www.google.com/chrome), or set LENGTHWISE_CHROME to its path.';

const COMMANDS = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'chrome'];

const FIXED_PATHS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

/** The folder that `@puppeteer/browsers` downloads into. */
export function downloadFolder(environment = process.env) {
  return environment.PUPPETEER_CACHE_DIR ?? join(homedir(), '.cache', 'puppeteer');
}

/**
 * An installed browser, or one downloaded by the set-up script; undefined when there is none.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {string | undefined}
 */
export function findBrowser(environment = process.env) {
  const folders = (environment.PATH ?? '').split(delimiter).filter(Boolean);
  const onPath = COMMANDS.flatMap(command => folders.map(folder => join(folder, command)));
  return [...onPath, ...FIXED_PATHS, ...downloaded(environment)].find(executable);
}

/** @param {NodeJS.ProcessEnv} environment */
function downloaded(environment) {
  const root = join(downloadFolder(environment), 'chrome');
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .sort()
    .reverse()
    .flatMap(version =>
      ['chrome-linux64/chrome', 'chrome-win64/chrome.exe'].map(binary => join(root, version, binary)),
    );
}

/** @param {string} path */
function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
