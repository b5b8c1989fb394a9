import { browserPath } from '../runtime/browser.ts';
import { type Chrome, startChrome } from '../runtime/chrome-process.ts';
import { withDeadline } from '../runtime/deadline.ts';
import { messageOf } from '../shared/errors.ts';
import type { Image } from './figures/compose.ts';

/** Pixels of the file for each pixel of the drawing: good for print at a column's width. */
const SCALE = 2;
/** Longest for all images together. */
const DRAW_MS = 300_000;

/** Draws SVG images as PNG in headless Chrome. Where no browser does it, returns why in a line. */
export async function toPng(images: readonly Image[]): Promise<{ png: Uint8Array[] } | { without: string }> {
  let chrome: Chrome | undefined;
  try {
    chrome = await startChrome(browserPath(), [
      '--disable-background-networking',
      '--disable-gpu',
      '--no-first-run',
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ]);
    const late = () => new Error('the browser took too long to draw');
    return { png: await withDeadline(DRAW_MS, draw(chrome, images), late) };
  } catch (error) {
    return { without: messageOf(error).split('\n')[0]! };
  } finally {
    await chrome?.close();
  }
}

/** Nothing in a drawing is run, and nothing is fetched: it shows texts that come from results of others, too. */
async function draw({ browser }: Chrome, images: readonly Image[]): Promise<Uint8Array[]> {
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(false);
  await page.setOfflineMode(true);
  const png: Uint8Array[] = [];
  for (const { svg, width, height } of images) {
    await page.setViewport({ width, height, deviceScaleFactor: SCALE });
    await page.setContent(`<!doctype html><style>body{margin:0}svg{display:block}</style>${svg}`);
    png.push(await page.screenshot({ clip: { x: 0, y: 0, width, height } }));
  }
  return png;
}
