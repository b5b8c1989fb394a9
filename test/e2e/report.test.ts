import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { csvParse } from 'd3-dsv';
import { parquetReadObjects } from 'hyparquet';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath } from '../../src/runtime/browser.ts';
import { expectComplaint } from '../support/bad-input.ts';
import { cli, cliHere, emptyFolder } from '../support/cli.ts';
import { readPdf } from '../support/pdf.ts';
import { writeSynthetic } from '../support/synthetic.ts';

const EVIL = `<script>document.title='broken'</script><img src="http://127.0.0.1:9/x" alt='"'>`;
const root = emptyFolder();
const html = join(root, 'report.html');
let browser: Browser;

beforeAll(async () => {
  writeSynthetic(root, {
    name: 'simple',
    task: { kind: 'simple', omega: [1, 2, 4, 8] },
    axes: { 'task.omega': [1, 2, 4, 8] },
    spread: 1,
    epsilon: [0.01, 0.001],
    vary: (cell, i) =>
      i === 5
        ? {
            ...cell,
            divergedAtStep: 3,
            trainLoss: null,
            theory: null,
            test: cell.test.map(point => ({ ...point, loss: null })),
          }
        : cell,
  });
  writeSynthetic(root, { name: 'mod', task: { kind: 'mod-p', p: [3, 5], k: 1 }, axes: { 'task.p': [3, 5] } });
  writeSynthetic(root, {
    name: 'gram',
    task: { kind: 'k-gram', vocabulary: [2, 3, 4], k: 2 },
    axes: { 'task.vocabulary': [2, 3, 4], 'model.activation': ['relu', EVIL] },
    tests: [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 100000],
    manifest: { command: EVIL, cells: 80 },
  });
  const { code, stdout, stderr } = await cli(['report', root]);
  if (code !== 0) throw new Error(stderr);
  expect(stdout).toContain(`Report: ${html}`);
  expect(stderr).toContain('note: gram: 8 of 80 cells are not finished');
  browser = await puppeteer.launch({
    executablePath: browserPath(),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    pipe: true,
  });
});
afterAll(() => browser?.close());

/** What went wrong on a page while it was looked at. */
interface Trouble {
  requests: string[];
  console: string[];
}

async function openPage(width: number, scheme: 'light' | 'dark'): Promise<{ page: Page; trouble: Trouble }> {
  const page = await browser.newPage();
  const trouble: Trouble = { requests: [], console: [] };
  page.on('request', request => trouble.requests.push(request.url()));
  page.on('console', message => trouble.console.push(message.text()));
  page.on('pageerror', error => trouble.console.push(String(error)));
  await page.setOfflineMode(true);
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.goto(`file://${html}`);
  return { page, trouble };
}

describe('the page in headless Chrome', () => {
  test.each([
    [320, 'light'],
    [320, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
    [3840, 'light'],
    [3840, 'dark'],
  ] as const)('%i pixels, %s: fits, is quiet, and axe finds nothing serious', async (width, scheme) => {
    const { page, trouble } = await openPage(width, scheme);
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true;
    });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const [ink, paper] = await page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body);
      return [color, backgroundColor].map(value => Number(/\d+/.exec(value)![0]));
    });
    if (scheme === 'dark') expect(ink).toBeGreaterThan(paper! + 150);
    else expect(paper).toBeGreaterThan(ink! + 150);
    // A line whose colour is not defined is drawn as nothing.
    const strokes = await page.evaluate(() =>
      [...document.querySelectorAll('.panel svg [stroke], .legend svg [stroke]')].map(
        node => getComputedStyle(node).stroke,
      ),
    );
    expect(strokes.length).toBeGreaterThan(100);
    expect(new Set(strokes).size).toBeGreaterThan(6);
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() =>
      (window as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }),
    );
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(
      serious.map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .map(({ html: node }) => node)
            .slice(0, 3)
            .join(' ')}`,
      ),
    ).toEqual([]);
    expect(trouble).toEqual({ requests: [`file://${html}`], console: [] });
    expect(await page.title()).not.toBe('broken');
    await page.close();
  });

  test('labels of a panel’s axes do not lie on each other', async () => {
    const { page } = await openPage(1280, 'light');
    const overlaps = await page.evaluate(() =>
      [...document.querySelectorAll('.panel svg')].flatMap(svg => {
        const boxes = [...svg.querySelectorAll('text')].map(node => ({
          text: node.textContent,
          box: node.getBoundingClientRect(),
        }));
        return boxes.flatMap((a, i) =>
          boxes
            .slice(i + 1)
            .filter(
              ({ box }) =>
                Math.min(a.box.right, box.right) - Math.max(a.box.left, box.left) > 1 &&
                Math.min(a.box.bottom, box.bottom) - Math.max(a.box.top, box.top) > 3,
            )
            .map(b => `${a.text} | ${b.text}`),
        );
      }),
    );
    expect(overlaps).toEqual([]);
    await page.close();
  });

  test('tables sort by keyboard alone', async () => {
    const { page } = await openPage(1280, 'light');
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true;
    });
    const column = (table: string, index: number) =>
      page.$$eval(
        `${table} tbody tr`,
        (rows, at) => rows.map(row => (row as HTMLTableRowElement).cells[at]!.textContent),
        index,
      );
    const table = '#cells details:nth-of-type(1) table';
    const plateaus = async () =>
      (await column(table, 4))
        .filter(text => text !== '–')
        .map(text =>
          Number(
            text!.replace(' × 10⁻', 'e-').replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]/g, d => String('⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(d))),
          ),
        );
    const before = await plateaus();
    await page.focus(`${table} thead th:nth-child(5) button`);
    await page.keyboard.press('Enter');
    const after = await plateaus();
    expect(after).toEqual([...before].sort((a, b) => a - b));
    expect(after).not.toEqual(before);
    expect((await column(table, 4)).at(-1)).toBe('–');
    await page.keyboard.press('Space');
    expect(await plateaus()).toEqual([...after].reverse());
    expect(await page.$eval(`${table} thead th:nth-child(5)`, head => head.getAttribute('aria-sort'))).toBe(
      'descending',
    );
    await page.close();
  });
});

describe('files beside the page', () => {
  test('every figure as SVG and as PNG at twice its size, linked from the page', () => {
    const names = readdirSync(join(root, 'figures'));
    for (const figure of [
      'simple-loss',
      'simple-plateau',
      'mod-attention',
      'gram-heat-map',
      'gram-lengths',
    ]) {
      const svg = readFileSync(join(root, 'figures', `${figure}.svg`), 'utf8');
      const png = readFileSync(join(root, 'figures', `${figure}.png`));
      expect(png.subarray(1, 4).toString()).toBe('PNG');
      expect(png.readUInt32BE(16)).toBe(2 * Number(/width="(\d+)"/.exec(svg)![1]));
    }
    const page = readFileSync(html, 'utf8');
    for (const name of names) expect(page).toContain(`href="figures/${name}"`);
    expect(names.filter(name => name.endsWith('.tmp'))).toEqual([]);
  });

  test('Parquet, CSV and cells.jsonl say the same', async () => {
    const csv = csvParse(readFileSync(join(root, 'cells.csv'), 'utf8'));
    const bytes = readFileSync(join(root, 'cells.parquet'));
    const parquet = await parquetReadObjects({ file: new Uint8Array(bytes).buffer as ArrayBuffer });
    const cells = ['gram', 'mod', 'simple'].flatMap(name =>
      readFileSync(join(root, name, 'abcd1234', 'cells.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    );
    const points = cells.flatMap(cell =>
      cell.test.map((point: { length: number; loss: number | null }) => ({ cell, point })),
    );
    expect([csv.length, parquet.length]).toEqual([points.length, points.length]);
    points.forEach(({ cell, point }, i) => {
      expect(parquet[i]).toMatchObject({
        cell: cell.cell,
        test_length: point.length,
        train_length: cell.axes['train.length'],
      });
      expect(parquet[i]!.test_loss ?? null).toBe(point.loss);
      expect(csv[i]!.test_loss).toBe(point.loss === null ? '' : String(point.loss));
    });
  });

  test('a run that a report was written into is still a run: the second report is the same', async () => {
    const before = readFileSync(html, 'utf8');
    expect((await cli(['report', root])).code).toBe(0);
    expect(readFileSync(html, 'utf8')).toBe(before);
  });
});

describe('the command line', () => {
  test('--json says what was written, --out where to', async () => {
    const out = join(root, 'elsewhere', 'deep');
    const { code, stdout } = await cli(['report', join(root, 'mod'), '--out', out, '--json']);
    expect(code).toBe(0);
    const { files, claims, missing } = JSON.parse(stdout);
    expect(files).toContain(join(out, 'report.html'));
    for (const file of files) expect(existsSync(file), file).toBe(true);
    expect(claims.map(({ id }: { id: string }) => id)).toContain('mod/hardmax-mass');
    expect(missing).toEqual([]);
    rmSync(join(root, 'elsewhere'), { recursive: true });
  });

  test('--pdf draws every figure as PDF, too, a page of its size', async () => {
    const out = emptyFolder();
    expect((await cli(['report', join(root, 'mod'), '--out', out, '--pdf'])).code).toBe(0);
    const figures = readdirSync(join(out, 'figures'));
    const named = (ending: string) =>
      figures.filter(name => name.endsWith(ending)).map(name => name.slice(0, -4));
    expect(named('.pdf').length).toBeGreaterThan(3);
    expect(named('.pdf')).toEqual(named('.svg'));
    expect(named('.png')).toEqual(named('.svg'));
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    for (const name of named('.pdf')) {
      const svg = readFileSync(join(out, 'figures', `${name}.svg`), 'utf8');
      const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!;
      const { pages, objects } = readPdf(readFileSync(join(out, 'figures', `${name}.pdf`)));
      expect(pages).toHaveLength(1);
      expect(Math.abs(pages[0]!.mediaBox[2]! - 0.75 * Number(width))).toBeLessThan(1);
      expect(Math.abs(pages[0]!.mediaBox[3]! - 0.75 * Number(height))).toBeLessThan(1);
      expect(
        objects.some(text => /\/Type\s*\/Font\b/.test(text)),
        name,
      ).toBe(true);
      expect(page).toContain(`href="figures/${name}.pdf"`);
    }
  });

  test('without a browser everything but PNG is written, and one line says so', async () => {
    const out = emptyFolder();
    const { code, stderr } = await cli(['report', join(root, 'mod'), '--out', out], {
      env: { LENGTHWISE_CHROME: '/no/such/chrome' },
    });
    expect(code).toBe(0);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^note: figures are SVG only, PNG only with a browser .*no\/such\/chrome/),
    ]);
    const names = readdirSync(join(out, 'figures'));
    expect(names.length).toBeGreaterThan(3);
    expect(names.every(name => name.endsWith('.svg'))).toBe(true);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).not.toContain('.png');
  });

  test('--markdown prints a summary and writes nothing', async () => {
    const folder = emptyFolder();
    writeSynthetic(folder, {
      name: 'one',
      task: { kind: 'simple', omega: [1, 4] },
      axes: { 'task.omega': [1, 4] },
    });
    const { code, stdout } = await cli(['report', folder, '--markdown']);
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe('**3 claims: 3 shown.**');
    expect(readdirSync(folder)).toEqual(['one']);
  });

  test('half-written results: the torn line is left out, a damaged run is named, the rest is reported', async () => {
    const folder = emptyFolder();
    const run = writeSynthetic(folder, {
      name: 'torn',
      task: { kind: 'simple', omega: [1, 2] },
      axes: { 'task.omega': [1, 2] },
    });
    const text = readFileSync(join(run, 'cells.jsonl'), 'utf8');
    writeFileSync(join(run, 'cells.jsonl'), text.slice(0, -30));
    const damaged = join(folder, 'damaged', 'run');
    mkdirSync(damaged, { recursive: true });
    writeFileSync(join(damaged, 'manifest.json'), '{"name": "x"');
    const { code, stderr } = await cli(['report', folder]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/torn: 1 of 24 cells are not finished/);
    expect(stderr).toMatch(/left out: .*damaged.*not a manifest/);
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toMatch(/1 of 24 cells are not finished/);
    expect(page).toMatch(/not a manifest of lengthwise/);
  });

  test('cells without theory or attention, and a run without cells, are reported as far as they go', async () => {
    const folder = emptyFolder();
    writeSynthetic(folder, {
      name: 'bare',
      task: { kind: 'mod-p', p: [3, 5], k: 1 },
      axes: { 'task.p': [3, 5] },
      vary: ({ theory: _, attention: __, ...cell }) => cell,
    });
    writeSynthetic(folder, {
      name: 'empty',
      task: { kind: 'simple', omega: 1 },
      lengths: [],
      manifest: { cells: 9, end: null, adapter: null },
    });
    const { code, stderr } = await cli(['report', folder], { env: { LENGTHWISE_CHROME: '/no/such/chrome' } });
    expect(code).toBe(0);
    expect(stderr).toMatch(/bare: 24 cells carry no theory/);
    expect(stderr).toMatch(/empty: no cell is finished/);
    expect(readdirSync(join(folder, 'figures'))).toEqual([
      'bare-heat-map.svg',
      'bare-lengths.svg',
      'bare-loss.svg',
      'bare-plateau.svg',
    ]);
  });

  test('what cannot be reported on is one clear error', async () => {
    const folder = emptyFolder();
    expectComplaint(await cli(['report', join(folder, 'none')]), /none: no such folder/);
    expectComplaint(await cli(['report', folder]), /no run in it/);
    const bare = emptyFolder();
    writeSynthetic(bare, { name: 'bare', task: { kind: 'simple', omega: 1 }, lengths: [] });
    expectComplaint(await cliHere(['report', bare]), /no cell is finished/);
    const run = writeSynthetic(folder, { name: 'one', task: { kind: 'simple', omega: 1 } });
    expectComplaint(await cli(['report', folder, '--out', '/proc/x']), /cannot write to \/proc\/x/);
    expectComplaint(await cli(['report', folder, '--json', '--markdown']), /both print on stdout/);
    expectComplaint(await cli(['report', folder, '--out', 'x', '--markdown']), /--markdown writes no files/);
    expectComplaint(await cli(['report']), /missing required argument/);
    appendFileSync(join(run, 'cells.jsonl'), 'garbage\n{}\n');
    expectComplaint(await cli(['report', folder]), /cells\.jsonl:13: not a line/);
    const manifest = JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8'));
    writeFileSync(join(run, 'manifest.json'), JSON.stringify({ ...manifest, experiment: null }));
    expectComplaint(
      await cli(['report', folder]),
      /manifest\.json: not a manifest of lengthwise \(experiment: /,
    );
    writeFileSync(
      join(run, 'manifest.json'),
      JSON.stringify({ ...manifest, experiment: { task: { kind: 'new' }, epsilon: [1] } }),
    );
    expectComplaint(await cli(['report', folder]), /experiment\.task\.kind: /);
  });
});
