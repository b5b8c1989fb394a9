import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { type CliResult, cli, emptyFolder, whenSaid } from '../support/cli.ts';
import { open, softwareDriver } from '../support/engine.ts';
import { browserOf, dawnChildren, groupOf, isAlive, profileOf } from '../support/processes.ts';

/** The prompt is back by then. */
const BACK_MS = 5000;
/** Nothing of a killed program is alive by then, however busy the machine. */
const GONE_MS = 60_000;

const cwd = emptyFolder();
writeFileSync(
  join(cwd, 'tiny.yaml'),
  `name: tiny
task: { kind: simple, omega: 2 }
model: { width: 8, mlpWidth: 16 }
train: { length: [4], steps: 1000000, batch: 16 }
test: { length: [8], sequences: 64 }
`,
);

/** Runs until training is under way, does something to the program then, and gives how it ended and how long after that. */
async function interrupted(
  runtime: 'chrome' | 'dawn',
  act: (child: ChildProcess) => void,
): Promise<CliResult & { ms: number; signal: string | null; locks: string[] }> {
  let [ms, signal] = [Number.NaN, null as string | null];
  const out = emptyFolder();
  const args = ['run', 'tiny.yaml', '--adapter', 'software', '--runtime', runtime, '--out', out];
  const result = await cli(args, {
    cwd,
    env: runtime === 'dawn' ? softwareDriver().environment : {},
    onStart(child) {
      whenSaid(child, /sequences\/s/, () => {
        act(child);
        const began = performance.now();
        child.once('exit', (_, by) => {
          [ms, signal] = [performance.now() - began, by];
        });
      });
    },
  });
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' });
  return { ...result, signal, ms, locks: files.filter(name => name.includes('.lock')) };
}

/** A browser of a program that works, to be remembered beyond its end. */
function chromeOf(child: ChildProcess) {
  const pid = browserOf(child.pid!);
  const profile = profileOf(pid);
  const folders = [profile, dirname(readlinkSync(join(profile, 'SingletonSocket')))];
  // Looked at while the program is alive: after its end, whoever opens a browser next clears them away.
  expect(folders.filter(existsSync)).toEqual(folders);
  return { pid, folders };
}

const isGone = (pids: () => number[]) => vi.waitFor(() => expect(pids()).toEqual([]), GONE_MS);

describe('told to stop', () => {
  test('by SIGINT: exit code 130 within five seconds, though the browser hangs', async () => {
    let chrome!: ReturnType<typeof chromeOf>;
    const ended = await interrupted('chrome', child => {
      chrome = chromeOf(child);
      process.kill(-chrome.pid, 'SIGSTOP');
      child.kill('SIGINT');
    });
    expect(ended.stderr).toMatch('SIGINT: stopping.');
    expect(ended.code).toBe(130);
    expect(ended.ms).toBeLessThan(BACK_MS);
    await isGone(() => groupOf(chrome.pid));
    // What a busy machine has not deleted before the prompt had to be back, it says, and a later start deletes.
    if (/closing failed/.test(ended.stderr)) await (await open('chrome')).close();
    expect(chrome.folders.filter(existsSync)).toEqual([]);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s: exit code %i within five seconds', async (signal, code) => {
    let dawn: number[] = [];
    const ended = await interrupted('dawn', child => {
      dawn = dawnChildren(child.pid!);
      child.kill(signal);
    });
    expect(ended.stderr).toMatch(`${signal}: stopping.`);
    expect(ended.code).toBe(code);
    expect(ended.ms).toBeLessThan(BACK_MS);
    expect(ended.locks).toEqual([]);
    await isGone(() => dawn.filter(isAlive));
  });
});

describe.concurrent('killed', () => {
  test.each([
    ['that works', false],
    ['that hangs', true],
  ])(
    'with a browser %s: nothing is alive and no folder is left once another has started',
    async (_, hangs) => {
      let chrome!: ReturnType<typeof chromeOf>;
      const { signal } = await interrupted('chrome', child => {
        chrome = chromeOf(child);
        if (hangs) process.kill(-chrome.pid, 'SIGSTOP');
        child.kill('SIGKILL');
      });
      expect(signal).toBe('SIGKILL');
      // A stopped process cannot end by itself.
      if (!hangs) await isGone(() => groupOf(chrome.pid));
      const session = await open('chrome');
      await session.close();
      await isGone(() => groupOf(chrome.pid));
      expect(chrome.folders.filter(existsSync)).toEqual([]);
    },
  );
});

test('a reader that goes away does not end a run', async () => {
  const args = ['run', 'tiny.yaml', '--adapter', 'software', '--runtime', 'dawn', '--set', 'train.steps=20'];
  const { code } = await cli([...args, '--out', emptyFolder()], {
    cwd,
    env: softwareDriver().environment,
    onStart(child) {
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
  });
  expect(code).toBe(0);
});
