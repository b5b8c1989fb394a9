import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadExperiment } from '../../src/config/experiment.ts';
import { cellsOf } from '../../src/plan/cells.ts';
import { planCells } from '../../src/plan/plan.ts';
import { browserPath } from '../../src/runtime/browser.ts';
import { startChrome } from '../../src/runtime/chrome-process.ts';
import { chromeFlags } from '../../src/runtime/flags.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { type FinishedPack, type Supervision, trainPacks } from '../../src/runtime/supervise.ts';
import { Tabs } from '../../src/runtime/tabs.ts';
import type { Checkpoint } from '../../src/shared/checkpoint.ts';
import type { Pack } from '../../src/shared/protocol.ts';
import { cli, emptyFolder, whenSaid } from '../support/cli.ts';
import { BUILT, open } from '../support/engine.ts';

const SMOKE = join(import.meta.dirname, '..', '..', 'experiments', 'smoke.yaml');

/** One browser for all tabs, as a person has one: its engine has bounds checks, which ours leaves out. */
let browser: Browser;
let closeBrowser = () => Promise.resolve();
let pack: Pack;
beforeAll(async () => {
  const flags = chromeFlags('software', process.getuid?.() === 0, false);
  const chrome = await startChrome(
    browserPath(),
    flags.filter(flag => !flag.includes('dawn-features')),
  );
  browser = chrome.browser;
  closeBrowser = () => chrome.close();
  const cells = cellsOf(await loadExperiment(SMOKE, ['train.steps=600'], undefined));
  const { packs } = planCells(cells, () => false, { stepOf: () => 0 });
  pack = packs[0]!.pack;
});
afterAll(() => closeBrowser());

let tabs: Tabs;
let said: string[];
beforeEach(async () => {
  said = [];
  tabs = await Tabs.open({ built: BUILT, run: 'smoke', say: line => said.push(line) });
});
afterEach(async () => {
  await tabs.close();
  for (const page of (await browser.pages()).slice(1)) await page.close();
});

async function openTab(url = tabs.url): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(url);
  return page;
}

/** Resolves when the page says that. */
const says = (page: Page, what: string) =>
  page.waitForFunction(text => document.body.textContent.includes(text), { timeout: 0, polling: 100 }, what);

/** Trains the pack; gives every cell's weights, losses and curve. */
async function trained(open: () => Promise<Session>, more: Partial<Supervision> = {}) {
  const finished: FinishedPack[] = [];
  const checkpoints = new Map<string, Checkpoint>();
  const idle: Session[] = [];
  try {
    await trainPacks(
      [{ pack, adapter: 'software' }],
      {
        ...{ workers: 1, open, engine: 'one', backOffMs: 1, checkpointSeconds: 0.01 },
        savedOf: () => undefined,
        onProgress: () => {},
        onCheckpoints: async states => {
          for (const state of states) checkpoints.set(state.cell, state);
        },
        onFinished: async each => void finished.push(each),
        onLog: line => said.push(line),
        ...more,
      },
      idle,
    );
  } finally {
    for (const session of idle) await session.close();
  }
  return finished.flatMap(({ trained: { cells }, curves }) =>
    cells.map((cell, r) => ({ ...cell, curve: curves[r] })),
  );
}

/** An engine in a tab that submits little at a time, and so says often how far it is. */
async function inTab(): Promise<Session> {
  const session = await openSession({ runtime: 'tab', tabs, adapter: 'software', built: BUILT });
  return {
    ...session,
    send: (request, listeners) =>
      session.send(request.op === 'train' ? { ...request, submissionMs: 20 } : request, listeners),
  };
}

test('smoke in tabs, closed twice in the middle of training: the bits of headless Chrome, and each page says what it is', async () => {
  const headless = await trained(() => open('chrome'));
  // Both are there before anything is computed, so that the run cannot end before they are closed.
  const pages = [await openTab(), await openTab()];
  for (const page of pages) await says(page, 'Another tab computes smoke');
  const computes = says(pages[0]!, 'This tab computes smoke');
  const closed: number[] = [];
  const lost = () => said.filter(line => line.startsWith('the tab was closed')).length;
  let closing = Promise.resolve();
  const disturbed = await trained(inTab, {
    onProgress(_, { phase, done }) {
      const next = pages.slice(0, 2)[closed.length];
      // The first checkpoint is behind it. What the tab before it still says is no word of the next.
      if (phase !== 'train' || !next || done < 15 * (closed.length + 1) || lost() < closed.length) return;
      closed.push(done);
      closing = Promise.all([closing, computes]).then(() => next.close());
    },
    onLog(line) {
      said.push(line);
      // Nobody waits any more once the second was closed.
      if (closed.length === 2) closing = closing.then(async () => void pages.push(await openTab()));
    },
  });
  expect(closed).toHaveLength(2);
  expect(disturbed).toEqual(headless);
  expect(said.filter(line => line.startsWith('the tab was closed'))).toEqual([
    expect.stringMatching(/^the tab was closed: 2 cells go on from step/),
    expect.stringMatching(/^the tab was closed: 2 cells go on from step/),
  ]);
  expect(said.filter(line => line.startsWith('waiting for a tab'))).toHaveLength(1);
  const [, , third] = pages;
  await says(third!, 'trained here');
  expect(await third!.evaluate(() => document.body.textContent)).toMatch(/swiftshader \(software\)/);
  await tabs.close();
  await says(third!, 'You can close this tab.');
});

test('the wanted adapter is missing: the page says why, and the run waits for another tab', async () => {
  const opening = openSession({ runtime: 'tab', tabs, adapter: 'hardware', built: BUILT });
  let opened = false;
  void opening.then(() => {
    opened = true;
  });
  const page = await openTab();
  await says(page, 'This tab cannot compute smoke');
  await says(page, 'Only a software adapter was found');
  expect(said.filter(line => line.startsWith('waiting for a tab'))).toHaveLength(2);
  expect(opened).toBe(false);
});

test('a wrong token has no page, and the page runs no code of others and has no fault that axe finds', async () => {
  const wrong = await browser.newPage();
  const answer = await wrong.goto(tabs.url.replace(/[0-9a-f]{32}/, '0'.repeat(32)));
  expect(answer!.status()).toBe(404);
  const page = await openTab();
  await says(page, 'Another tab computes smoke');
  const inline = await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'document.title = "taken"';
    document.head.append(script);
    return document.title;
  });
  expect(inline).not.toBe('taken');
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(axe);
  for (const scheme of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    const found = await page.evaluate(async () => {
      const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } };
      return (await axe.run()).violations.map(({ id }) => id);
    });
    expect(found).toEqual([]);
  }
});

test('run --runtime tab: prints the link, trains in whoever opens it, and keeps that in the results', async () => {
  const out = emptyFolder();
  const settings = ['train.steps=3', 'train.length=4', 'test.length=[8]', 'test.sequences=64'];
  const args = [
    'run',
    SMOKE,
    '--runtime',
    'tab',
    '--adapter',
    'software',
    '--no-theory',
    '--json',
    '--out',
    out,
  ];
  let page: Promise<Page> | undefined;
  const { code, stdout, stderr } = await cli([...args, ...settings.flatMap(each => ['--set', each])], {
    onStart(child) {
      let text = '';
      child.stderr!.on('data', chunk => {
        text += chunk;
      });
      whenSaid(child, /open http\S+\n/, () => {
        page = openTab(/open (http\S+)/.exec(text)![1]!);
      });
    },
  });
  expect(stderr).toMatch(/computing in .*Chrom.* on \w+, in a tab/);
  expect(code).toBe(0);
  const { run } = JSON.parse(stdout) as { run: string };
  const manifest = readFileSync(join(run, 'manifest.json'), 'utf8');
  expect(manifest).toMatch(/in a tab/);
  await says((await page)!, 'You can close this tab.');
});
