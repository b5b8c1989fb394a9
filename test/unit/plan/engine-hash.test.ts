import { appendFileSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ENGINE_HASH } from '../../../src/plan/engine-hash.ts';
import { emptyFolder } from '../../support/cli.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** The same source, elsewhere. */
const copy = emptyFolder();
const hashThere = async () => (await import(join(copy, 'src', 'setup', 'engine-hash.mjs'))).engineHash();
const change = (path: string, from: string, to: string) => {
  const text = readFileSync(join(copy, path), 'utf8');
  expect(text).toContain(from);
  writeFileSync(join(copy, path), text.replace(from, to));
};

beforeAll(() => {
  for (const name of ['src', 'shaders', 'package.json', 'tsconfig.json'])
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});

describe('the hash of the engine', () => {
  test('is the same wherever the source lies, whatever its comments and other rooms say', async () => {
    expect(ENGINE_HASH).toMatch(/^[0-9a-f]{12}$/);
    expect(await hashThere()).toBe(ENGINE_HASH);
    appendFileSync(join(copy, 'shaders', 'adam.wgsl'), '\n  // said afterwards\n');
    appendFileSync(join(copy, 'src', 'engine', 'train.ts'), '\n/* said afterwards */\n');
    appendFileSync(join(copy, 'src', 'report', 'words.ts'), '\nexport const SAID = 1;\n');
    expect(await hashThere()).toBe(ENGINE_HASH);
  });

  test('is the same for other tasks and laws: packs carry theirs', async () => {
    const before = await hashThere();
    change('src/tasks/simple.ts', 'precise_sin(', 'precise_cos(');
    change('src/tasks/laws/uniform-iid.ts', 'next_word(stream)', '1u + next_word(stream)');
    expect(await hashThere()).toBe(before);
  });

  test.each([
    ['a shader', 'shaders/adam.wgsl', '1.0 - BETA1', '1.0 - BETA2'],
    ['what the engine imports', 'src/shared/random.ts', '1664525', '1664527'],
  ])('changes with %s', async (_, path, from, to) => {
    const before = await hashThere();
    change(path, from, to);
    expect(await hashThere()).not.toBe(before);
  });
});
