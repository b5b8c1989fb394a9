import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VIEWS } from '../../src/dashboard/page/address.ts';
import { exportDashboard } from '../../src/dashboard/server/export.ts';
import { Library } from '../../src/dashboard/server/library.ts';
import { type Dashboard, serveDashboard } from '../../src/dashboard/server/serve.ts';
import { cli, emptyFolder } from '../support/cli.ts';
import { complaints, has, launch, moves, openPage, says, show } from '../support/live-page.ts';
import { writeSynthetic } from '../support/synthetic.ts';

const EVIL = `<img src=x onerror="document.title='broken'">`;
const built = join(import.meta.dirname, '..', '..', 'dist');
const root = emptyFolder();
const library = new Library([root]);
let served: Dashboard;
let browser: Browser;

beforeAll(async () => {
  await library.open();
  served = await serveDashboard(library, { port: 0, built });
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  library.close();
  await served?.close();
});

test('a run that trains while the page is open: curves move, a kill shows, a resume goes on, cells fill in', async () => {
  const folder = emptyFolder();
  /** A run of a grid of four, with its process. */
  const start = (name: string, steps: number) => {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(
      file,
      `name: ${name}\ntask: { kind: simple, omega: 2 }\ntrain: { length: [4, 8], steps: ${steps} }\ntest: { length: [16, 64], sequences: 128 }\nseed: [0, 1]\n`,
    );
    let child: ChildProcess | undefined;
    const args = ['run', file, '--runtime', 'dawn', '--out', root, '--no-theory'];
    const ended = cli(args, {
      onStart(started) {
        child = started;
      },
    });
    return { ended, kill: () => child!.kill('SIGKILL') };
  };
  const { page, trouble } = await openPage(browser, served.url);
  await says(page, 'There is no run here yet');
  await page.evaluate(() => Object.assign(window, { sameAsBefore: true }));
  // So many steps that it is still under way whenever it is looked at; a curve has a hundred points.
  const first = start('long', 50_000);
  await has(page, '[data-run-state="running"]');
  await show(page, '#curves');
  await has(page, '#training canvas');
  await moves(page, '#training canvas');
  first.kill();
  expect((await first.ended).code).not.toBe(0);
  await show(page, '#sweep');
  await has(page, '[data-run-state="interrupted"]');
  await says(page, '4 interrupted');
  const again = start('long', 50_000);
  await has(page, '[data-run-state="running"]');
  again.kill();
  await again.ended;
  expect((await start('short', 20).ended).code).toBe(0);
  await has(page, '[data-run-state="finished"]');
  await says(page, '4 of 4 cells');
  const squares = await page.$$eval('.drawing a title', titles =>
    titles.map(title => title.textContent!).filter(title => title.includes('finished')),
  );
  expect(squares).toHaveLength(4);
  for (const square of squares) expect(square).toMatch(/N = \d+: plateau [\d.]+.*; 1 finished/);
  expect(await page.evaluate(() => 'sameAsBefore' in window)).toBe(true);
  expect(trouble).toEqual([]);
  await page.close();
});

describe('over results of somebody else', () => {
  const other = emptyFolder();
  let shelf: Library;
  let page: Page;
  let trouble: string[];

  beforeAll(async () => {
    writeSynthetic(other, {
      name: 'gram',
      task: { kind: 'k-gram', vocabulary: [2, 3, 4], k: 2 },
      axes: { 'task.vocabulary': [2, 3, 4], 'model.activation': ['relu', EVIL] },
      manifest: { command: `lengthwise run ${EVIL}.yaml` },
    });
    writeSynthetic(other, {
      name: 'mod',
      task: { kind: 'mod-p', p: [3, 5], k: 1 },
      axes: { 'task.p': [3, 5] },
    });
    shelf = new Library([other]);
    await shelf.open();
    const dashboard = await serveDashboard(shelf, { port: 0, built });
    closing = () => dashboard.close();
    ({ page, trouble } = await openPage(browser, dashboard.url));
  });
  let closing = async () => {};
  afterAll(async () => {
    shelf.close();
    await closing();
  });

  test.each(['light', 'dark'])('%s: axe finds nothing in any view, and no text is markup', async scheme => {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    for (const view of VIEWS) {
      await show(page, `#${view}?cell=mod00001`);
      await has(page, `nav a[aria-current][href^="#${view}"]`);
      if (view === 'theory') await says(page, 'Complexity against plateau');
      if (view === 'cell') await says(page, 'Configuration');
      expect({ view, found: await complaints(page) }).toEqual({ view, found: [] });
    }
    expect(await page.title()).toBe('lengthwise');
    // The cell's weights were never written: the page says so, and a browser's console does too.
    expect(trouble.filter(line => !line.includes('404'))).toEqual([]);
  });

  test('the filter, sorting, groups and a comparison are in the address', async () => {
    await show(page, '#runs?q=p=5 N>=8 plateau<2e-2&sort=-plateau');
    await says(page, '9 cells');
    const plateaus = await page.$eval('.grid table', table => {
      const column = [...table.querySelectorAll('thead th')].findIndex(
        ({ textContent }) => textContent === 'plateau',
      );
      return [...(table as HTMLTableElement).tBodies[0]!.rows].map(({ cells }) =>
        Number(cells[column]!.textContent!.replace(' × 10⁻⁴', 'e-4')),
      );
    });
    expect(plateaus).toHaveLength(9);
    expect(plateaus).toEqual([...plateaus].sort((a, b) => b - a));
    await show(page, '#runs?group=task.p&run=mod/abcd1234&pins=3,5');
    await says(page, 'paired over 12 cells that differ in nothing else');
    // The law of the made-up losses: in proportion to p.
    const ratio = await page.$$eval('main section td', cells =>
      cells.map(cell => cell.firstChild?.textContent ?? '').find(text => text.startsWith('×')),
    );
    const times = Number(/× ([\d.]+)/.exec(ratio!)![1]);
    expect(Math.abs(times / (5 / 3) - 1)).toBeLessThan(0.1);
    await show(page, '#runs?q=omge=3');
    await says(page, 'No cell meets the filter');
    expect(await page.$eval('#filter-says', note => note.textContent)).toMatch(
      /omge: no such axis or number/,
    );
  });

  test('keys alone: digits to the views, / to the filter, Enter on a square to its cells', async () => {
    await show(page, '#sweep');
    await has(page, 'nav a[aria-current][href^="#sweep"]');
    for (const [i, view] of VIEWS.entries()) {
      await page.keyboard.press(`${i + 1}` as '1');
      await has(page, `nav a[aria-current][href^="#${view}"]`);
    }
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement!.tagName)).toBe('INPUT');
    // What is typed is no key of the page's.
    await page.keyboard.press('1');
    await page.waitForFunction(() => location.hash.includes('q=1'), { timeout: 0 });
    await show(page, '#sweep');
    await has(page, 'main svg a');
    await page.$eval('main svg a', square => (square as unknown as SVGAElement).focus());
    await page.keyboard.press('Enter');
    await has(page, 'nav a[aria-current][href^="#runs"]');
    await says(page, ' cells');
  });

  test.each([360, 3840])('%i pixels: nothing is wider than the page', async width => {
    await page.setViewport({ width, height: 900 });
    for (const view of VIEWS) {
      await show(page, `#${view}?cell=mod00001`);
      await has(page, `nav a[aria-current][href^="#${view}"]`);
      expect({ view, width: await page.evaluate(() => document.documentElement.scrollWidth) }).toEqual({
        view,
        width,
      });
    }
  });
});

test('a copy of the committed results is small enough for a supplement, and draws from the disk', async () => {
  const to = emptyFolder();
  const shelf = new Library([join(import.meta.dirname, '..', '..', 'results', 'paper-ci')]);
  await shelf.open();
  const { files, bytes } = await exportDashboard(shelf, to, built);
  shelf.close();
  expect(bytes).toBeLessThan(5e6);
  const page = await browser.newPage();
  await page.goto(pathToFileURL(files[0]!).href);
  await says(page, 'figure-1');
  await has(page, 'main svg');
  await show(page, '#curves');
  await has(page, '#testing canvas');
  await show(page, '#theory');
  await says(page, 'Complexity against plateau');
  const [first] = shelf.run(shelf.snapshot().runs[0]!.head.id)!.rows.keys();
  await show(page, `#cell?cell=${first}`);
  await says(page, 'Theory of its weights');
  await says(page, 'certificate');
  await page.close();
});

describe('who may read it', () => {
  const status = (
    url: string,
    options: { method?: string; headers?: Record<string, string>; path?: string },
  ) =>
    new Promise<number>((resolve, reject) => {
      const { hostname, port, pathname } = new URL(url);
      const { path = pathname, ...rest } = options;
      request({ host: hostname, port, path, ...rest }, response => {
        response.resume();
        resolve(response.statusCode!);
      })
        .on('error', reject)
        .end();
    });

  test('a page of another site learns nothing, and nothing can be written', async () => {
    const { url } = served;
    expect(await status(url, {})).toBe(200);
    expect(await status(url, { headers: { Host: 'evil.example' } })).toBe(421);
    expect(await status(url, { headers: { Origin: 'http://evil.example' } })).toBe(403);
    expect(await status(url, { headers: { Origin: 'null' } })).toBe(403);
    for (const method of ['POST', 'PUT', 'DELETE']) expect(await status(url, { method })).toBe(405);
    for (const path of [
      '/../package.json',
      '/%2e%2e/package.json',
      '/api/cell?run=x&cell=../../x',
      '/engine/../page.js/x',
    ])
      expect(await status(url, { path }), path).toBe(404);
    const { headers } = await fetch(url);
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
  });

  test('beyond loopback only the link with its token opens', async () => {
    const open = await serveDashboard(library, { host: '0.0.0.0', port: 0, built });
    const { port, pathname } = new URL(open.url);
    const at = `http://127.0.0.1:${port}`;
    expect(pathname).toMatch(/^\/[0-9a-f]{32}\/$/);
    expect(await status(at, { path: '/' })).toBe(403);
    expect(await status(at, { path: `/${'0'.repeat(32)}/` })).toBe(403);
    expect(await status(at, { path: `/${'0'.repeat(32)}/api/snapshot` })).toBe(403);
    expect(await status(at, { path: pathname })).toBe(200);
    expect(await status(at, { path: `${pathname}api/snapshot` })).toBe(200);
    await open.close();
  });
});

test('the script is light: 300 kB packed, without the engine', () => {
  const packed = (name: string) =>
    gzipSync(readFileSync(join(built, 'dashboard', name)), { level: 9 }).length;
  expect(packed('page.js') + packed('reference.js')).toBeLessThan(300_000);
});
