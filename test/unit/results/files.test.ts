import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFolder } from '../../../src/results/files.ts';
import { InputError } from '../../../src/shared/errors.ts';
import { emptyFolder } from '../../support/cli.ts';

describe('makeFolder', () => {
  test('makes parents, leaves nothing in them, and may be asked again', async () => {
    const folder = join(emptyFolder(), 'a', 'b', 'c');
    await makeFolder(folder);
    await makeFolder(folder);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('two at once make the same folder', async () => {
    const root = emptyFolder();
    await Promise.all(['x', 'y', 'z'].map(name => makeFolder(join(root, 'a', 'b', name))));
    expect(readdirSync(join(root, 'a', 'b')).sort()).toEqual(['x', 'y', 'z']);
  });

  test.each(['file', 'file/below', 'file/far/below'])(
    'at %s, where a file is in the way: an InputError',
    async at => {
      const root = emptyFolder();
      writeFileSync(join(root, 'file'), 'kept');
      const making = makeFolder(join(root, at));
      await expect(making).rejects.toThrow(InputError);
      await expect(making).rejects.toThrow(`--out: cannot write to ${join(root, at)}`);
      expect(readFileSync(join(root, 'file'), 'utf8')).toBe('kept');
    },
  );

  test('where no folder can ever be made it says so, instead of trying for ever', async () => {
    await expect(makeFolder('/proc/lengthwise/results')).rejects.toThrow(/--out: cannot write to \/proc/);
  });
});
