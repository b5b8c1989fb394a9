// The Chrome that is downloaded where there is no browser, and no package manager of ours to ask for one.
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';

/** The one that the installed puppeteer was made for. */
export const CHROME_VERSION = '148.0.7778.97';

/**
 * SHA-256 of its archive by platform; others are not downloaded. Google publishes none: this is the digest that Selenium's build pins for
 * the same archive (common/repositories.bzl), so it takes two to be deceived.
 * @type {Record<string, string>}
 */
export const CHROME_SHA256 = { linux: '8a760543807c67d3836d530cc4bc2e39c93e217f1629ec6ea311415fdfa21a75' };

/**
 * Downloads Chrome into a folder, and unpacks it only where it is the very archive that is pinned.
 * @param {string} folder
 * @param {{ platform?: import('@puppeteer/browsers').BrowserPlatform, digests?: Record<string, string>, baseUrl?: string }} [from] this
 * machine's
 *   platform unless given, digests by platform, and where the archives lie
 * @throws Error when none is pinned for this platform, the download fails, or the archive is another; nothing is left of it then
 */
export async function downloadChrome(folder, from = {}) {
  // Not there before the dependencies are.
  const { Browser, detectBrowserPlatform, install } = await import('@puppeteer/browsers');
  const { platform = detectBrowserPlatform(), digests = CHROME_SHA256, baseUrl } = from;
  const expected = platform && digests[platform];
  if (!expected) throw new Error(`no Chrome is pinned for ${platform ?? process.platform}`);
  const chrome = {
    browser: Browser.CHROME,
    buildId: CHROME_VERSION,
    platform,
    cacheDir: folder,
    ...(baseUrl === undefined ? {} : { baseUrl }),
  };
  const archive = await install({ ...chrome, unpack: false });
  const found = createHash('sha256')
    .update(await readFile(archive))
    .digest('hex');
  if (found !== expected) {
    await rm(archive);
    throw new Error(`the archive of Chrome ${CHROME_VERSION} has SHA-256 ${found}, not ${expected}`);
  }
  await install(chrome);
}
