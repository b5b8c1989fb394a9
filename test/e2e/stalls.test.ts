import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Progress, type Runtime, type Session, SessionStalled } from '../../src/runtime/session.ts';
import { trainPacks } from '../../src/runtime/supervise.ts';
import type { Request } from '../../src/shared/protocol.ts';
import { emptyFolder } from '../support/cli.ts';
import { open } from '../support/engine.ts';
import { pack } from '../support/packs.ts';
import { gpuProcessOf, groupOf, isAlive } from '../support/processes.ts';

/** Short, and generous beside what an engine that compiles needs for an answer where six do so at a time. */
const PATIENCE = { stallMs: 8000, closeMs: 1000 };

afterEach(() => vi.unstubAllEnvs());

/** Processes of an engine that are still there. */
const remains = (runtime: Runtime, pid: number) =>
  runtime === 'chrome' ? groupOf(pid) : [pid].filter(isAlive);
async function isGone({ runtime, pid, profile }: Session): Promise<void> {
  await vi.waitFor(() => expect(remains(runtime, pid!)).toEqual([]), 60_000);
  expect(existsSync(profile ?? '')).toBe(false);
}

const stop = (pid: number) => process.kill(pid, 'SIGSTOP');

/** What is stopped, of an engine whose main process is given. */
const VICTIMS = [
  ['chrome', 'the GPU process', (pid: number) => stop(gpuProcessOf(pid))],
  ['chrome', 'every process', (pid: number) => stop(-pid)],
  ['dawn', 'its process', stop],
] as const;

const TRAIN: Request = { op: 'train', adapter: 'software', pack: pack({ steps: 1_000_000 }) };
const EVALUATE: Request = {
  op: 'train',
  adapter: 'software',
  pack: pack({
    steps: 1,
    test: { lengths: Array.from({ length: 200 }, (_, i) => 100 + i), sequences: 4096 },
  }),
};

// Side by side: they wait more than they work.
describe.concurrent.each(VICTIMS)('%s, %s stopped', (runtime, _, freeze) => {
  async function frozen(request: Request, phase: Progress['phase']): Promise<void> {
    const session = await open(runtime, { patience: PATIENCE });
    let stopped = false;
    const answer = session.send(request, {
      onProgress(event) {
        if (event.phase === phase && !stopped) freeze(session.pid!);
        if (event.phase === phase) stopped = true;
      },
    });
    await expect(answer).rejects.toThrow(SessionStalled);
    await expect(answer).rejects.toThrow(
      /no progress and answered no ping for 8 s, its processes were killed/,
    );
    expect(stopped).toBe(true);
    await session.close();
    await isGone(session);
  }

  test('while it trains: the session is lost, its processes are gone', () => frozen(TRAIN, 'train'));

  test('while it evaluates', () => frozen(EVALUATE, 'test'));

  test('before it is closed: it is gone all the same', async () => {
    const session = await open(runtime, { patience: PATIENCE });
    freeze(session.pid!);
    await session.close();
    await isGone(session);
  });
});

describe('an engine that stops while it starts', () => {
  const HASTE = { launchMs: 1000 };

  test('chrome', async () => {
    const browser = join(emptyFolder(), 'chrome');
    writeFileSync(browser, '#!/bin/sh\nkill -STOP $$\n');
    chmodSync(browser, 0o755);
    vi.stubEnv('LENGTHWISE_CHROME', browser);
    const opened = open('chrome', { patience: HASTE });
    await expect(opened).rejects.toThrow(SessionStalled);
    await expect(opened).rejects.toThrow(/chrome was not ready in 1 s, its processes were killed/);
  });

  test('dawn', async () => {
    const built = emptyFolder();
    mkdirSync(join(built, 'dawn'));
    writeFileSync(join(built, 'dawn', 'engine.js'), "process.kill(process.pid, 'SIGSTOP');");
    await expect(open('dawn', { built, patience: HASTE })).rejects.toThrow(/not ready in 1 s, it was killed/);
  });
});

test('a run goes on after a stall, with a fresh engine', async () => {
  const log: string[] = [];
  const sessions: Session[] = [];
  let finished = 0;
  const idle: Session[] = [];
  await trainPacks(
    [{ pack: pack({ steps: 200 }), adapter: 'software' }],
    {
      workers: 1,
      async open() {
        // Only the first is stopped.
        sessions.push(await open('dawn', sessions.length === 0 ? { patience: PATIENCE } : {}));
        return sessions.at(-1)!;
      },
      onLog: line => log.push(line),
      onProgress: () => {
        if (sessions.length === 1) stop(sessions[0]!.pid!);
      },
      onFinished: async () => {
        finished++;
      },
      engine: '',
      savedOf: () => undefined,
      backOffMs: 1,
    },
    idle,
  );
  for (const session of idle) await session.close();
  expect({ finished, opened: sessions.length }).toEqual({ finished: 1, opened: 2 });
  expect(log.join()).toMatch(
    /answered no ping for 8 s, its processes were killed: 1 cells go on from step \d+/,
  );
});
