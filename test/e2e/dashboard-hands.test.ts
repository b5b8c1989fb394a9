import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Library } from '../../src/dashboard/server/library.ts';
import { type Dashboard, serveDashboard } from '../../src/dashboard/server/serve.ts';
import { writeModel } from '../../src/model/safetensors.ts';
import { emptyFolder } from '../support/cli.ts';
import { complaints, has, launch, openPage, says, show } from '../support/live-page.ts';
import { BASE, randomModel } from '../support/models.ts';
import { writeSynthetic } from '../support/synthetic.ts';

/* What hands do on the live page: a mouse, and keys alone. */

const root = emptyFolder();
const shelf = new Library([root]);
let served: Dashboard;
let browser: Browser;
let page: Page;
let trouble: string[];

beforeAll(async () => {
  writeSynthetic(root, { name: 'mod', task: { kind: 'mod-p', p: [3, 5], k: 1 }, axes: { 'task.p': [3, 5] } });
  await shelf.open();
  served = await serveDashboard(shelf, { port: 0, built: join(import.meta.dirname, '..', '..', 'dist') });
  browser = await launch();
  ({ page, trouble } = await openPage(browser, served.url));
  await page.setViewport({ width: 1280, height: 900 });
});
afterAll(async () => {
  await browser?.close();
  shelf.close();
  await served?.close();
});

/** Waits until the address has something, or has it no more. */
const addressed = (key: string, wanted = true) =>
  page.waitForFunction(
    (name, is) => new URLSearchParams(location.hash.split('?')[1]).has(name) === is,
    { timeout: 0 },
    key,
    wanted,
  );
const inAddress = (key: string) =>
  page.evaluate(name => new URLSearchParams(location.hash.split('?')[1]).get(name), key);

/** Where an element lies on the screen. */
async function boxOf(selector: string) {
  const element = await has(page, selector);
  await element!.scrollIntoView();
  return (await element!.boundingBox())!;
}

describe('a chart', () => {
  const over = '#testing .u-over';

  /** Presses at a share of its width, and lets go at another. */
  async function drag(from: number, to: number): Promise<void> {
    const { x, y, width, height } = await boxOf(over);
    await page.mouse.move(x + from * width, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + to * width, y + height / 2, { steps: 5 });
    await page.mouse.up();
  }

  test('dragging zooms, a double click shows everything, a click pins what is read there', async () => {
    await show(page, '#curves?q=seed=0 p=3');
    await drag(0.1, 0.6);
    await addressed('testing-zoom');
    const zoom = (await inAddress('testing-zoom'))!.split(',').map(Number);
    expect(zoom[0]).toBeGreaterThan(64);
    expect(zoom[1]).toBeLessThan(512);
    const { x, y, width, height } = await boxOf(over);
    await page.mouse.click(x + width / 2, y + height / 2, { count: 2 });
    await addressed('testing-zoom', false);
    await page.mouse.click(x + width - 2, y + height / 2);
    await addressed('testing-pin');
    expect(await inAddress('testing-pin')).toBe('512');
    const pinned = await page.$$eval('.pinned tr', rows => rows.map(({ textContent }) => textContent));
    expect(pinned).toHaveLength(4);
    expect(pinned[0]).toMatch(/^p = 3, N = 4, seed 0[\d.]+/);
  });

  test('a link is its state: zoom and pin are there when it is opened anew', async () => {
    await show(page, '#curves?q=seed=0&testing-zoom=100,300&testing-pin=128');
    await page.reload();
    await has(page, '.pinned');
    expect(await page.$eval('.pinned caption', caption => caption.textContent!.trim())).toBe(
      'at test length T 128',
    );
    expect(await inAddress('testing-zoom')).toBe('100,300');
  });

  test('keys do the same: arrows read, Enter pins, plus zooms, Escape lets go', async () => {
    await show(page, '#curves?q=seed=0 p=3');
    await has(page, '#testing .chart');
    await page.focus('#testing .chart');
    for (const key of ['Home', 'ArrowRight', 'Enter'] as const) await page.keyboard.press(key);
    await addressed('testing-pin');
    expect(await inAddress('testing-pin')).toBe('128');
    await page.keyboard.press('+');
    await addressed('testing-zoom');
    await page.keyboard.press('Escape');
    await addressed('testing-zoom', false);
    await addressed('testing-pin', false);
  });
});

test('every figure is saved as SVG, PNG and CSV', async () => {
  await page.evaluate(() => {
    const saved: string[] = [];
    const bytes = new Map<string, number>();
    const make = URL.createObjectURL;
    URL.createObjectURL = blob => {
      const url = make(blob);
      bytes.set(url, (blob as Blob).size);
      return url;
    };
    Object.assign(window, { saved });
    HTMLAnchorElement.prototype.click = function (this: HTMLAnchorElement) {
      saved.push(`${this.download} ${bytes.get(this.href)! > 20 ? 'full' : 'empty'}`);
    };
  });
  for (const [view, figures] of [
    ['#sweep', 1],
    ['#curves', 1],
    ['#theory', 4],
    ['#cell?cell=mod00001', 2],
  ] as const) {
    await show(page, view);
    await page.waitForFunction(
      count => document.querySelectorAll('.save').length === count,
      { timeout: 0 },
      figures,
    );
    await page.$$eval('.save button', buttons => {
      for (const button of buttons) (button as HTMLButtonElement).click();
    });
    await page.waitForFunction(
      count => (window as unknown as { saved: string[] }).saved.length === 3 * count,
      { timeout: 0 },
      figures,
    );
    const saved = await page.evaluate(() => (window as unknown as { saved: string[] }).saved.splice(0));
    for (const kind of ['svg', 'png', 'csv'])
      expect(saved.filter(name => name.endsWith(`.${kind} full`))).toHaveLength(figures);
  }
});

describe('tokens', () => {
  const tokens = () => page.$eval('.tokens textarea', box => (box as HTMLTextAreaElement).value);
  const become = (text: string) =>
    page.waitForFunction(
      wanted => document.querySelector<HTMLTextAreaElement>('.tokens textarea')!.value === wanted,
      { timeout: 0 },
      text,
    );

  test('are drawn into the strip by a pointer, and the model answers', async () => {
    await show(page, '#model?tokens=0 0 0 0');
    await says(page, 'Drop a .safetensors file here');
    await page.evaluate(
      weights => {
        const files = new DataTransfer();
        const bytes = Uint8Array.from(atob(weights), letter => letter.charCodeAt(0));
        files.items.add(new File([bytes], 'random.safetensors'));
        document
          .querySelector('.drop')!
          .dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
      },
      Buffer.from(writeModel(randomModel(BASE, 1))).toString('base64'),
    );
    await says(page, 'f(x) =');
    const before = await page.$eval('.answer', answer => answer.textContent);
    const boxes = await page.$$eval('.strip .column', columns =>
      columns.map(column => {
        const { left, top, width, height } = column.getBoundingClientRect();
        return { x: left + width / 2, top, height };
      }),
    );
    // Four tokens, and room for eight more. The top row is token 2.
    expect(boxes).toHaveLength(12);
    const row = (token: number) => boxes[0]!.top + ((2.5 - token) * boxes[0]!.height) / 3;
    await page.mouse.move(boxes[1]!.x, row(2));
    await page.mouse.down();
    await page.mouse.move(boxes[5]!.x, row(2), { steps: 8 });
    await page.mouse.up();
    await become('0 2 2 2 2 2');
    await page.waitForFunction(
      was => document.querySelector('.answer')!.textContent !== was,
      { timeout: 0 },
      before,
    );
    expect(await inAddress('tokens')).toBe('0 2 2 2 2 2');
    expect(await complaints(page)).toEqual([]);
  });

  test('and by keys, which are none of the page’s there', async () => {
    await page.focus('.strip');
    for (const key of ['Home', '1', 'ArrowDown', 'End', 'Backspace'] as const) await page.keyboard.press(key);
    await become('1 1 2 2 2');
    expect(await tokens()).toBe('1 1 2 2 2');
    expect(await page.evaluate(() => location.hash)).toMatch(/^#model/);
  });
});

test('and nothing went wrong meanwhile', () => {
  expect(trouble.filter(line => !line.includes('404'))).toEqual([]);
});
