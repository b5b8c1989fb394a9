import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lockFolder } from '../../../src/results/lock.ts';
import { type Owner, ownerHere, stateOf } from '../../../src/results/owner.ts';
import { InputError } from '../../../src/shared/errors.ts';
import { emptyFolder } from '../../support/cli.ts';
import { Asked, buildProgram } from '../../support/program.ts';

const lockPath = () => join(emptyFolder(), '.lock');
const holderOf = (path: string): Owner => JSON.parse(readFileSync(path, 'utf8'));
const refusal = (pid: number | undefined) => `process ${pid} is working on this run`;

let locker: string;
const children: Asked[] = [];
function startLocker(): Asked {
  const child = new Asked(locker);
  children.push(child);
  return child;
}

beforeAll(async () => {
  locker = await buildProgram('locker');
});
afterAll(() => Promise.all(children.map(child => child.kill())));

/** A lock as something else would have left it. */
async function left(changes: Partial<Owner>): Promise<string> {
  const path = lockPath();
  writeFileSync(path, JSON.stringify({ ...(await ownerHere()), ...changes }));
  return path;
}

/** A lock is taken over: this process holds it, and it is gone after the release. */
async function expectTakenOver(path: string): Promise<void> {
  const release = await lockFolder(path);
  expect(holderOf(path)).toMatchObject({ pid: process.pid, started: (await ownerHere()).started });
  await release();
  expect(existsSync(path)).toBe(false);
}

describe('the lock of a run folder', () => {
  test('names its holder, keeps this process out too, and is gone after the release', async () => {
    const path = lockPath();
    const release = await lockFolder(path);
    expect(await stateOf(holderOf(path))).toBe('alive');
    await expect(lockFolder(path)).rejects.toThrow(refusal(process.pid));
    await release();
    expect(existsSync(path)).toBe(false);
    await (await lockFolder(path))();
  });

  test('keeps others out while its process lives, stopped or not, and binds nobody once that is killed', async () => {
    const path = lockPath();
    const child = startLocker();
    expect(await child.ask({ take: path })).toBe(true);
    for (const signal of ['SIGSTOP', 'SIGCONT'] as const) {
      child.child.kill(signal);
      const asking = lockFolder(path);
      await expect(asking).rejects.toThrow(InputError);
      await expect(asking).rejects.toThrow(refusal(child.child.pid));
      expect(holderOf(path).pid).toBe(child.child.pid);
    }
    await child.kill();
    await expectTakenOver(path);
  });

  test('of a process that had this one’s pid, or another live one’s, earlier binds nobody', async () => {
    await expectTakenOver(await left({ started: '1' }));
    await expectTakenOver(await left({ pid: process.ppid, started: '1' }));
  });

  test('of this machine before it was started anew binds nobody', async () => {
    await expectTakenOver(await left({ boot: 'another' }));
  });

  test('of another machine cannot be known to be free: an error says so, and what to do', async () => {
    const path = await left({ host: 'elsewhere', pid: 999_999_999 });
    const text = readFileSync(path, 'utf8');
    const error = await lockFolder(path).catch(thrown => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toMatch(/process 999999999 on elsewhere holds this run, and only that machine/);
    expect(error.fix).toContain(`delete ${path}`);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test.each(['', 'nonsense', '{"pid":1}', '12345'])('with %j in it belongs to nobody', async text => {
    const path = lockPath();
    writeFileSync(path, text);
    await expectTakenOver(path);
  });

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

  test('of the dead goes to exactly one of eight processes, 200 times, whatever else the dead left', async () => {
    const folder = emptyFolder();
    const path = join(folder, '.lock');
    const processes = Array.from({ length: 8 }, startLocker);
    const dead = { ...(await ownerHere()), started: '1' };
    for (let round = 0; round < 200; round++) {
      writeFileSync(path, JSON.stringify({ ...dead, nonce: `dead${round}` }));
      // Every other one was killed while it took over from one killed before.
      if (round % 2 === 1)
        writeFileSync(`${path}.dead${round}`, JSON.stringify({ ...dead, nonce: `late${round}` }));
      const answers = await Promise.all(processes.map(child => child.ask<true | string>({ take: path })));
      const winners = processes.filter((_, i) => answers[i] === true);
      expect(winners).toHaveLength(1);
      expect(holderOf(path).pid).toBe(winners[0]!.child.pid);
      for (const answer of answers)
        if (answer !== true) expect(answer).toContain(refusal(winners[0]!.child.pid));
      await winners[0]!.ask({ release: true });
      expect(existsSync(path)).toBe(false);
    }
    // Whatever the dead had left beside it is cleared by who held it last, or by the next.
    await (await lockFolder(path))();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('in a folder that is not there is an error, not an endless wait', async () => {
    await expect(lockFolder(join(emptyFolder(), 'nowhere', '.lock'))).rejects.toThrow(/ENOENT/);
  });
});
