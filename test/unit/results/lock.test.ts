import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockFolder } from '../../../src/results/lock.ts';
import { InputError } from '../../../src/shared/errors.ts';
import { emptyFolder } from '../../support/cli.ts';

const lockPath = () => join(emptyFolder(), '.lock');

/** A process that sleeps until it is killed. */
const sleeper = () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });

describe('the lock of a run folder', () => {
  test('names its holder, and is gone after the release', async () => {
    const path = lockPath();
    const release = await lockFolder(path);
    expect(readFileSync(path, 'utf8')).toBe(String(process.pid));
    await release();
    expect(existsSync(path)).toBe(false);
    await (await lockFolder(path))();
  });

  test('keeps others out while its process lives, and is taken over once that is dead', async () => {
    const path = lockPath();
    const child = sleeper();
    try {
      await once(child, 'spawn');
      writeFileSync(path, String(child.pid));
      const waiting = lockFolder(path);
      await expect(waiting).rejects.toThrow(InputError);
      await expect(waiting).rejects.toThrow(`process ${child.pid} is working on this run`);
      expect(readFileSync(path, 'utf8')).toBe(String(child.pid));
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const release = await lockFolder(path);
    expect(readFileSync(path, 'utf8')).toBe(String(process.pid));
    await release();
  });

  test.each(['', 'nonsense', '-1', '0', '1.5', '99999999999999999999'])(
    'with %j in it belongs to nobody and is taken over',
    async text => {
      const path = lockPath();
      writeFileSync(path, text);
      await (await lockFolder(path))();
      expect(existsSync(path)).toBe(false);
    },
  );

  test('goes to exactly one of many who ask at once, and leaves no other file', async () => {
    const folder = emptyFolder();
    const path = join(folder, '.lock');
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(path)));
    const won = outcomes.filter(outcome => outcome.status === 'fulfilled');
    expect(won).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['.lock']);
    await won[0]!.value();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('in a folder that is not there is an error, not an endless wait', async () => {
    await expect(lockFolder(join(emptyFolder(), 'nowhere', '.lock'))).rejects.toThrow(/ENOENT/);
  });
});
