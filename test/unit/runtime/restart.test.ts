import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDawnSession } from '../../../src/runtime/dawn-session.ts';
import { type Session, SessionLost } from '../../../src/runtime/session.ts';
import { trainPacks } from '../../../src/runtime/supervise.ts';
import { MachineError } from '../../../src/shared/errors.ts';
import { emptyFolder } from '../../support/cli.ts';
import { fakeSession } from '../../support/fake-session.ts';
import { NO_ADAPTER } from '../../support/made-up.ts';
import { pack } from '../../support/packs.ts';

const PACK = pack({ steps: 10 });

/** Trains a pack with sessions that open one after the other as told: what was said, and how many were opened. */
async function trainedWith(openings: (() => Session)[]) {
  const said: string[] = [];
  let finished = 0;
  const left = [...openings];
  const packs = [{ pack: PACK, adapter: 'software' as const }];
  const done = trainPacks(
    packs,
    {
      ...{
        workers: 1,
        engine: 'one',
        open: async () => left.shift()!(),
        savedOf: () => undefined,
        backOffMs: 1,
      },
      ...{
        onProgress() {},
        onLog: (line: string) => void said.push(line),
        onFinished: async () => void finished++,
      },
    },
    [],
  );
  await done;
  return { said, finished, left: left.length };
}

const refuses = (): Session => {
  throw new MachineError('chrome did not start: Navigating frame was detached', 'Try another.');
};
const isLost = (): Session =>
  fakeSession({
    onTrain() {
      throw new SessionLost('the GPU process went away');
    },
  });

test('an engine that does not start again after a loss is tried again', async () => {
  expect(await trainedWith([isLost, refuses, fakeSession])).toEqual({
    said: [
      'the GPU process went away: 1 cells go on from step 0 in 0.001 s',
      'chrome did not start: Navigating frame was detached: 1 cells go on from step 0 in 0.002 s',
    ],
    finished: 1,
    left: 0,
  });
});

test('one that never started is an error at once', async () => {
  await expect(trainedWith([refuses, fakeSession])).rejects.toThrow(/did not start/);
});

test('a driver whose process was ended from outside while it started is not given up for the next one', async () => {
  const folder = emptyFolder();
  const program = join(folder, 'engine.mjs');
  writeFileSync(
    program,
    `import { existsSync, writeFileSync } from 'node:fs';
process.on('message', () => {
  if (!existsSync(process.env.TRIED)) {
    writeFileSync(process.env.TRIED, '');
    process.kill(process.pid, 'SIGKILL');
  }
  process.send(${JSON.stringify(JSON.stringify({ event: 'probed', adapter: NO_ADAPTER }))});
});
process.send(JSON.stringify({ dawn: 'made up' }));
`,
  );
  const driver = { name: 'one', kind: 'software' as const, environment: { TRIED: join(folder, 'tried') } };
  const options = { runtime: 'dawn', adapter: 'software', built: folder, port: 0, driver } as const;
  const session = await openDawnSession(options, program);
  expect(session.driver).toBe(driver);
  await session.close();
});
