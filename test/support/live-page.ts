import axe from 'axe-core';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { browserPath } from '../../src/runtime/browser.ts';

/** Headless Chrome, for pages that are looked at. */
export function launch(): Promise<Browser> {
  return puppeteer.launch({
    executablePath: browserPath(),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    pipe: true,
  });
}

/** The live page, and what went wrong on it while it was looked at. */
export async function openPage(browser: Browser, url: string): Promise<{ page: Page; trouble: string[] }> {
  const page = await browser.newPage();
  const trouble: string[] = [];
  const origin = new URL(url).origin;
  page.on('request', asked => {
    const own = asked.url().startsWith(origin) || /^(blob|data):/.test(asked.url());
    if (!own) trouble.push(asked.url());
  });
  page.on('console', message => message.type() === 'error' && trouble.push(message.text()));
  page.on('pageerror', error => trouble.push(String(error)));
  await page.goto(url);
  return { page, trouble };
}

/** Goes to a view, and waits until the page is there: what is pressed before that would be meant for the one before. */
export const show = (page: Page, hash: string) =>
  page.evaluate(
    to =>
      new Promise<void>(resolve => {
        const before = location.href;
        const drawn = () => requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
        addEventListener('hashchange', drawn, { once: true });
        location.hash = to;
        if (location.href === before) drawn();
      }),
    hash,
  );

/** Waits for an element, however slow the machine is. */
export const has = (page: Page, selector: string) => page.waitForSelector(selector, { timeout: 0 });

/** Waits for words in the page's figure. */
export const says = (page: Page, text: string) =>
  page.waitForFunction(
    wanted => document.querySelector('main')!.textContent!.includes(wanted),
    { timeout: 0 },
    text,
  );

/** A canvas of the page as it is drawn. */
const pictureOf = (page: Page, selector: string) =>
  page.$eval(selector, canvas => (canvas as HTMLCanvasElement).toDataURL());

/** Waits until a canvas is drawn otherwise than before. */
export async function moves(page: Page, selector: string): Promise<void> {
  await page.waitForFunction(
    (at, was) => (document.querySelector(at) as HTMLCanvasElement).toDataURL() !== was,
    { timeout: 0 },
    selector,
    await pictureOf(page, selector),
  );
}

/** What axe has against a page. */
export async function complaints(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }),
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
}
