import type { Page } from 'puppeteer-core';
import { browserPath } from '../runtime/browser.ts';
import { type Chrome, startChrome } from '../runtime/chrome-process.ts';
import { withDeadline } from '../runtime/deadline.ts';
import { messageOf } from '../shared/errors.ts';
import type { Image } from './figures/compose.ts';

/** Pixels of the file for each pixel of the drawing: good for print at a column's width. */
const SCALE = 2;
/** Longest for all images together. */
const DRAW_MS = 300_000;

/** An image in a format that is asked for. PDF keeps lines and letters, and its page is the image's size. */
export type Format = 'png' | 'pdf';

/**
 * Draws SVG images in headless Chrome, each in every format that is asked for. Where no browser does it, returns why in a line.
 */
export async function toFormats(
  images: readonly Image[],
  formats: readonly Format[],
): Promise<{ drawn: Map<Format, Uint8Array>[] } | { without: string }> {
  let chrome: Chrome | undefined;
  try {
    chrome = await startChrome(browserPath(), [
      '--disable-background-networking',
      '--disable-gpu',
      '--no-first-run',
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ]);
    const late = () => new Error('the browser took too long to draw');
    return { drawn: await withDeadline(DRAW_MS, draw(chrome, images, formats), late) };
  } catch (error) {
    return { without: messageOf(error).split('\n')[0]! };
  } finally {
    await chrome?.close();
  }
}

/** Nothing in a drawing is run, and nothing is fetched: it shows texts that come from results of others, too. */
async function draw(
  { browser }: Chrome,
  images: readonly Image[],
  formats: readonly Format[],
): Promise<Map<Format, Uint8Array>[]> {
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(false);
  await page.setOfflineMode(true);
  const drawn: Map<Format, Uint8Array>[] = [];
  for (const image of images) {
    const { svg, width, height } = image;
    await page.setViewport({ width, height, deviceScaleFactor: SCALE });
    await page.setContent(`<!doctype html><style>body{margin:0}svg{display:block}</style>${svg}`);
    const each = new Map<Format, Uint8Array>();
    for (const format of formats) each.set(format, await DRAW[format](page, image));
    drawn.push(each);
  }
  return drawn;
}

const DRAW: Record<Format, (page: Page, image: Image) => Promise<Uint8Array>> = {
  png: (page, { width, height }) => page.screenshot({ clip: { x: 0, y: 0, width, height } }),
  // A page that is rounded down by a hair would push the drawing's last line onto a second one.
  pdf: (page, { width, height }) => page.pdf({ width, height, printBackground: true, pageRanges: '1' }),
};
