import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeWhole } from '../../../src/shared/whole-file.ts';
import { emptyFolder } from '../../support/cli.ts';

describe('writeWhole', () => {
  test('replaces a file and leaves no other', async () => {
    const folder = emptyFolder();
    const path = join(folder, 'manifest.json');
    await writeWhole(path, 'first, and longer');
    await writeWhole(path, new Uint8Array([0x68, 0x69]));
    expect(readFileSync(path, 'utf8')).toBe('hi');
    expect(readdirSync(folder)).toEqual(['manifest.json']);
  });

  test('that fails keeps what was there', async () => {
    const folder = emptyFolder();
    const path = join(folder, 'manifest.json');
    await writeWhole(path, 'kept');
    await expect(writeWhole(path, Symbol('not data') as never)).rejects.toThrow();
    expect(readFileSync(path, 'utf8')).toBe('kept');
    mkdirSync(join(folder, 'taken'));
    await expect(writeWhole(join(folder, 'taken'), 'x')).rejects.toThrow();
    expect(existsSync(join(folder, 'taken'))).toBe(true);
    await expect(writeWhole(join(folder, 'nowhere', 'file'), 'x')).rejects.toThrow(/ENOENT/);
  });
});
