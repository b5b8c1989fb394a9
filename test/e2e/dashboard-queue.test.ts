import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { cli, emptyFolder, whenSaid } from '../support/cli.ts';
import { has, launch, moves, openPage, says, show } from '../support/live-page.ts';
import { TestRedis } from '../support/redis.ts';

const cwd = emptyFolder();
const MODEL = 'task: { kind: simple, omega: 1 }\nmodel: { width: 8, mlpWidth: 8 }\nseed: [0, 1]\n';
let redis: TestRedis;
let browser: Browser;
/** What trains until it is told to stop. */
const children: ChildProcess[] = [];

beforeAll(async () => {
  [redis, browser] = await Promise.all([TestRedis.start(), launch()]);
});
/** What one test queued is nothing to the next. */
afterEach(async () => {
  const gone = children.map(child => child.exitCode ?? child.signalCode ?? once(child, 'exit'));
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(gone);
  const client = redis.client();
  await client.flushall();
  client.disconnect();
});
afterAll(async () => {
  await browser?.close();
  await redis?.remove();
});

/** Submits a grid with its page, opens the page, and has a worker train. The queue is known from the environment alone. */
async function submitted(name: string, settings: string): Promise<{ page: Page; worker: ChildProcess }> {
  writeFileSync(join(cwd, `${name}.yaml`), `name: ${name}\n${MODEL}${settings}`);
  const env = { LENGTHWISE_QUEUE: redis.url };
  const url = await new Promise<string>((resolve, reject) => {
    cli(['submit', `${name}.yaml`, '--out', name, '--dashboard', '--no-theory'], {
      cwd,
      env,
      onStart(child) {
        children.push(child);
        let said = '';
        child.stderr!.on('data', chunk => {
          said += chunk;
          const [, found] = /Dashboard: (\S+)\n/.exec(said) ?? [];
          if (found) resolve(found);
        });
        child.once('exit', () => reject(new Error(said)));
      },
    });
  });
  const { page } = await openPage(browser, url);
  const worker = await new Promise<ChildProcess>(resolve => {
    cli(['worker', '--runtime', 'dawn', '--adapter', 'software'], {
      cwd,
      env,
      onStart(child) {
        children.push(child);
        whenSaid(child, /^worker \w+: /m, () => resolve(child));
      },
    });
  });
  return { page, worker };
}

test('a page of submit shows what a worker trains: its curve as it is made, where it is, and that it went away', async () => {
  // So many steps that it is still under way whenever it is looked at.
  const { page, worker } = await submitted(
    'long',
    'train: { length: 4, steps: 50000, batch: 16 }\ntest: { length: 8, sequences: 32 }\n',
  );
  await says(page, '1 workers');
  await has(page, 'td.now');
  await page.waitForFunction(
    () => /^2 cells, step [\d,]+ of 50,000, loss [\d.]+/.test(document.querySelector('td.now')!.textContent!),
    { timeout: 0 },
  );
  await says(page, '2 running');
  await show(page, '#curves');
  await has(page, '#training canvas');
  await moves(page, '#training canvas');
  await show(page, '#sweep');
  worker.kill('SIGINT');
  await says(page, 'no worker is at work');
  await says(page, '2 waiting');
  await page.close();
});

test('losses by test length come in while the rest is still evaluated', async () => {
  // The last length takes longer than anybody looks.
  const { page } = await submitted(
    'tests',
    'train: { length: 4, steps: 20, batch: 16 }\ntest: { length: [8, 16, 4096], sequences: 1000000 }\n',
  );
  await show(page, '#curves');
  await has(page, '#testing canvas');
  const legend = await page.$$eval('#testing .u-legend .u-label', labels =>
    labels.map(({ textContent }) => textContent),
  );
  expect(legend).toEqual(['test length T', 'N = 4, seed 0', 'N = 4, seed 1']);
  await show(page, '#sweep');
  await says(page, '2 running');
  await says(page, '0 of 2 cells');
  await page.close();
});
