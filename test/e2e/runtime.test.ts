import { existsSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { type Session, SessionLost } from '../../src/runtime/session.ts';
import { trainPacks } from '../../src/runtime/supervise.ts';
import { open } from '../support/engine.ts';
import { pack, replica } from '../support/packs.ts';
import { isAlive, processes } from '../support/processes.ts';
import { tapped } from '../support/tapped.ts';

describe.each(['chrome', 'dawn'] as const)('a session of %s', runtime => {
  test('has a software adapter, and leaves neither process nor profile behind', async () => {
    const session = await open(runtime);
    const final = await session.send({ op: 'probe', adapter: 'software' });
    if (final.event !== 'probed') throw new Error(JSON.stringify(final));
    expect(final.adapter.software).toBe(true);
    expect(final.adapter.limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(9);
    await session.close();
    expect(existsSync(session.profile ?? '')).toBe(false);
    await vi.waitFor(() => expect(isAlive(session.pid!)).toBe(false), 60_000);
  });

  test('asks for hardware in vain on a software adapter: a clear refusal, no crash', async () => {
    const session = await open(runtime);
    const final = await session.send({ op: 'probe', adapter: 'hardware' });
    expect(final).toMatchObject({ event: 'failed', reason: 'no-adapter' });
    await session.close();
  });
});

describe.each(['chrome', 'dawn'] as const)('supervision of %s', runtime => {
  async function supervised(
    kill: (session: Session) => Promise<void> | void,
    failures: number,
    checkpointSeconds = 0.001,
  ) {
    const log: string[] = [];
    const finished: string[] = [];
    const idle: Session[] = [];
    let opened = 0;
    await trainPacks(
      [
        { pack: pack({ steps: 40, replicas: [replica({ cell: 'first' })] }), adapter: 'software' },
        { pack: pack({ steps: 40, replicas: [replica({ cell: 'second' })] }), adapter: 'software' },
      ],
      {
        workers: 1,
        async open() {
          const session = await open(runtime);
          opened++;
          if (opened > failures) return session;
          return tapped(session, () => void kill(session));
        },
        onLog: line => log.push(line),
        onProgress: () => {},
        onFinished: async ({ pack }) => {
          finished.push(pack.replicas[0]!.cell);
        },
        engine: '',
        savedOf: () => undefined,
        backOffMs: 1,
        checkpointSeconds,
      },
      idle,
    );
    await Promise.all(idle.map(session => session.close()));
    return { log, finished, opened };
  }

  test('a killed browser or process costs what was done since the last checkpoint: a fresh one goes on there', async () => {
    let events = 0;
    const { log, finished, opened } = await supervised(session => {
      if (++events === 3) process.kill(session.pid!, 'SIGKILL');
    }, 1);
    expect(finished).toEqual(['first', 'second']);
    expect(opened).toBe(2);
    expect(log.join()).toMatch(/1 cells go on from step [1-9]\d* in 0\.001 s/);
  });

  test('losses of one cell that lead nowhere are an error that keeps its cause', async () => {
    // No checkpoint within the test: a state that gets out before the kill would be a step forward, and the count begins again.
    const run = supervised(session => void process.kill(session.pid!, 'SIGKILL'), 9, 3600);
    await expect(run).rejects.toThrow(/a cell was lost 4 times at step \d+; the last time (the|Dawn)/);
    await expect(run).rejects.not.toBeInstanceOf(SessionLost);
  });

  test('nothing is left running', async () => {
    const engines = () =>
      processes().filter(
        ({ parent, command }) => parent === process.pid && /remote-debugging|dawn\/engine\.js/.test(command),
      );
    await vi.waitFor(() => expect(engines()).toEqual([]), 60_000);
  });
});
