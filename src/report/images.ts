import puppeteer from 'puppeteer';
import { browserPath } from '../runtime/browser.ts';
import { messageOf } from '../shared/errors.ts';
import type { Image } from './figures/compose.ts';

/** Pixels of the file for each pixel of the drawing: good for print at a column's width. */
const SCALE = 2;
const LAUNCH_MS = 60_000;

/** Draws SVG images as PNG in headless Chrome. Where there is no browser that starts, returns why in a line. */
export async function toPng(images: readonly Image[]): Promise<{ png: Uint8Array[] } | { without: string }> {
  let browser: Awaited<ReturnType<typeof puppeteer.launch>>;
  try {
    browser = await puppeteer.launch({
      executablePath: browserPath(),
      headless: true,
      args: [
        '--disable-background-networking',
        '--disable-gpu',
        '--no-first-run',
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
      timeout: LAUNCH_MS,
      pipe: true,
    });
  } catch (error) {
    return { without: messageOf(error).split('\n')[0]! };
  }
  try {
    const page = await browser.newPage();
    await page.setOfflineMode(true);
    const png: Uint8Array[] = [];
    for (const { svg, width, height } of images) {
      await page.setViewport({ width, height, deviceScaleFactor: SCALE });
      await page.setContent(`<!doctype html><style>body{margin:0}svg{display:block}</style>${svg}`);
      png.push(await page.screenshot({ clip: { x: 0, y: 0, width, height } }));
    }
    return { png };
  } finally {
    await browser.close();
  }
}
