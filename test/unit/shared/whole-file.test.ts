import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import * as node from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Disk, TEMPORARY, writeWhole } from '../../../src/shared/whole-file.ts';
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

  test('never writes through what others have put in its way', async () => {
    const folder = emptyFolder();
    const path = join(folder, 'manifest.json');
    const opened: [string, string][] = [];
    const disk: Disk = {
      ...node,
      open: (name, flags) => {
        if (String(name).endsWith(TEMPORARY)) opened.push([String(name), String(flags)]);
        return node.open(name, flags);
      },
    };
    await writeWhole(path, 'one', disk);
    await writeWhole(path, 'two', disk);
    expect(opened.map(([, flags]) => flags)).toEqual(['wx', 'wx']);
    expect(new Set(opened.map(([name]) => name)).size).toBe(2);
  });

  test('that fails keeps what was there', async () => {
    const folder = emptyFolder();
    const path = join(folder, 'manifest.json');
    await writeWhole(path, 'kept');
    const refusing: Disk = { ...node, rename: () => Promise.reject(new Error('no')) };
    await expect(writeWhole(path, 'new', refusing)).rejects.toThrow(/could not be written \(no\)/);
    expect(readdirSync(folder)).toEqual(['manifest.json']);
    expect(readFileSync(path, 'utf8')).toBe('kept');
    mkdirSync(join(folder, 'taken'));
    await expect(writeWhole(join(folder, 'taken'), 'x')).rejects.toThrow();
    expect(existsSync(join(folder, 'taken'))).toBe(true);
    await expect(writeWhole(join(folder, 'nowhere', 'file'), 'x')).rejects.toThrow(/its folder was deleted/);
  });
});
