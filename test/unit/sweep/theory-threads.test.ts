import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { theoryThreads } from '../../../src/sweep/theory-threads.ts';
import { emptyFolder } from '../../support/cli.ts';

const SCRIPT = `import { parentPort } from 'node:worker_threads';
parentPort.on('message', ({ modelFile }) => {
  if (modelFile === 'throws') throw new Error('out of memory');
  if (modelFile === 'exits') process.exit(3);
  if (modelFile === 'fails') parentPort.postMessage({ failed: 'no such margin' });
  else parentPort.postMessage({ theory: modelFile });
});
`;

test('a thread that fails, throws or ends costs the cell in hand alone', async () => {
  const script = join(emptyFolder(), 'worker.mjs');
  writeFileSync(script, SCRIPT);
  const threads = theoryThreads(script);
  const ask = (modelFile: string) =>
    threads.compute({ modelFile, source: undefined as never, epsilons: [] }) as Promise<unknown>;
  expect(threads.atOnce).toBeGreaterThan(0);
  expect(await Promise.all([ask('a'), ask('b')])).toEqual(['a', 'b']);
  await expect(ask('fails')).rejects.toThrow('no such margin');
  await expect(ask('throws')).rejects.toThrow('out of memory');
  await expect(ask('exits')).rejects.toThrow('its thread ended');
  expect(await ask('c')).toBe('c');
  await threads.close();
});
