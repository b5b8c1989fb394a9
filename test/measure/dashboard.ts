// `npm run measure:dashboard`: how quick the live page is, in headless Chrome on this machine, at 1,000 cells and at 10^5.
// With `-- 2` at 2,000 in place of 10^5.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { Library } from '../../src/dashboard/server/library.ts';
import { serveDashboard } from '../../src/dashboard/server/serve.ts';
import { LiveFile } from '../../src/results/live.ts';
import { browserPath } from '../../src/runtime/browser.ts';
import { writeSynthetic } from '../support/synthetic.ts';

const built = join(process.cwd(), 'dist');
/** Thousands of cells of the larger run. */
const most = Number(process.argv[2] ?? 100);
const table = new Table({ head: ['cells', 'what', 'ms', 'at most'], style: { head: [], border: [] } });

/** A run of so many cells, 40 training lengths by 25 seeds by knobs, with curves of its first 40. */
function grid(root: string, name: string, knobs: number): string {
  const folder = writeSynthetic(root, {
    name,
    task: { kind: 'simple', omega: Array.from({ length: knobs }, (_, i) => i + 1) },
    axes: { 'task.omega': Array.from({ length: knobs }, (_, i) => i + 1) },
    lengths: Array.from({ length: 40 }, (_, i) => 4 * (i + 1)),
    seeds: 25,
  });
  const lines = Array.from({ length: 40 }, (_, c) =>
    Array.from({ length: 200 }, (_, s) => {
      const cell = `${name}${String(c).padStart(5, '0')}`;
      return JSON.stringify({ cell, step: 10 * (s + 1), loss: 1 / (s + 1 + c) });
    }),
  );
  writeFileSync(join(folder, 'curves.jsonl'), `${lines.flat().join('\n')}\n`);
  return folder;
}

/** Milliseconds from a change of the address until the page says something else and has drawn it. */
function answerMs(page: Page, hash: string, says: string): Promise<number> {
  return page.evaluate(
    (to, wanted) =>
      new Promise<number>(resolve => {
        const began = performance.now();
        const look = () => {
          if (!document.querySelector('.page')!.textContent!.includes(wanted))
            return void requestAnimationFrame(look);
          requestAnimationFrame(() => resolve(performance.now() - began));
        };
        location.hash = to;
        requestAnimationFrame(look);
      }),
    hash,
    says,
  );
}

async function measured(browser: Browser, cells: number, folder: string, url: string): Promise<void> {
  const row = (what: string, ms: number, most: number | string) =>
    table.push([cells.toLocaleString('en'), what, Math.round(ms), most]);
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  const began = performance.now();
  await page.goto(`${url}#curves`, { waitUntil: 'domcontentloaded' });
  await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0, {
    timeout: 0,
  });
  row(
    'first paint',
    await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]!.startTime),
    1000,
  );
  await page.waitForSelector('#training canvas', { timeout: 0 });
  row('first curve', performance.now() - began, 2000);
  row('heat map', await answerMs(page, '#sweep', 'A square is the mean'), cells > 1000 ? 200 : '');
  row('table', await answerMs(page, '#runs', 'Choose two or more'), cells > 1000 ? 200 : '');
  row(
    'filter',
    await answerMs(page, '#runs?q=N>=80 seed=3', `${((21 * cells) / 1000).toLocaleString('en')} cells`),
    cells > 1000 ? 200 : '',
  );
  row(
    'sorted by plateau',
    await answerMs(page, '#runs?sort=plateau', `${cells.toLocaleString('en')} cells`),
    cells > 1000 ? 200 : '',
  );
  row(
    'heat map, filtered',
    await answerMs(page, '#sweep?q=N>=80', 'A square is the mean'),
    cells > 1000 ? 200 : '',
  );
  await answerMs(page, '#runs', 'Choose two or more');
  const frame = await page.evaluate(
    () =>
      new Promise<number>(resolve => {
        const box = document.querySelector('.grid')!;
        const began = performance.now();
        let frames = 0;
        const scroll = () => {
          box.scrollTop += 600;
          if (++frames < 60) requestAnimationFrame(scroll);
          else resolve((performance.now() - began) / frames);
        };
        requestAnimationFrame(scroll);
      }),
  );
  row('frame while the table scrolls', frame, '');
  await answerMs(page, '#sweep', 'A square is the mean');
  // A run that is through is looked at less often: it is one that is not, first.
  writeFileSync(join(folder, 'manifest.json'), manifestWith(folder, cells + 1));
  await page.waitForSelector('[data-run-state="interrupted"]', { timeout: 0 });
  const live = new LiveFile(folder);
  live.say({ say: 'failed', message: 'said by the measurement' });
  const writing = performance.now();
  await live.close(false);
  await page.waitForFunction(
    () => document.querySelector('main')!.textContent!.includes('said by the measurement'),
    {
      timeout: 0,
      polling: 'raf',
    },
  );
  row('from an event on the disk to the screen', performance.now() - writing, 1000);
  await page.close();
}

/** The manifest of a run of which a cell is still to come. */
function manifestWith(folder: string, cells: number): string {
  return JSON.stringify({ ...JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')), cells });
}

const folder = mkdtempSync(join(tmpdir(), 'lengthwise-dashboard-'));
const browser = await puppeteer.launch({
  executablePath: browserPath(),
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  pipe: true,
});
try {
  for (const knobs of [1, most]) {
    const root = join(folder, String(knobs));
    const run = grid(root, 'sweep', knobs);
    const library = new Library([root]);
    const began = performance.now();
    await library.open();
    table.push([
      (1000 * knobs).toLocaleString('en'),
      'the server reads the run',
      Math.round(performance.now() - began),
      '',
    ]);
    const served = await serveDashboard(library, { port: 0, built });
    await measured(browser, 1000 * knobs, run, served.url);
    library.close();
    await served.close();
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
console.info(table.toString());
