import { readFileSync, writeFileSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { LineFile, parseLine, scanLines } from '../../../src/results/lines.ts';
import { sealed } from '../../../src/results/seal.ts';
import { InputError, MachineError } from '../../../src/shared/errors.ts';
import type { Disk } from '../../../src/shared/whole-file.ts';
import { emptyFolder } from '../../support/cli.ts';
import { diskWith, fullDisk, systemError } from '../../support/disk.ts';
import fc from '../../support/property.ts';

const schema = z.object({ cell: z.string(), loss: z.number().nullable() });
type Line = z.infer<typeof schema>;

const lines = fc.array(
  fc.record({ cell: fc.string({ unit: 'binary' }), loss: fc.oneof(fc.integer(), fc.constant(null)) }),
  { minLength: 1, maxLength: 6 },
);
const bytesOf = (values: Line[]) => Buffer.from(values.map(sealed).join(''));
/** What JSON makes of a value: lone surrogates survive as escapes, −0 does not. */
const asJson = (values: Line[]): Line[] => JSON.parse(JSON.stringify(values));
const path = () => join(emptyFolder(), 'lines.jsonl');
const [first, second] = [
  { cell: 'aa', loss: 1 },
  { cell: 'bb', loss: null },
] as const;

async function open(at: string, disk?: Disk) {
  const read: Line[] = [];
  const torn: number[] = [];
  const file = await LineFile.open<Line>(
    at,
    handle => scanLines(handle, at, line => read.push(parseLine(line, at, schema))),
    { onTorn: bytes => torn.push(bytes), disk },
  );
  return { file, read, torn };
}

async function readBack(at: string): Promise<Line[]> {
  const { file, read } = await open(at);
  await file.close();
  return read;
}

describe('a file of lines', () => {
  test('cut anywhere, it holds exactly the lines that are whole', async () => {
    const at = path();
    await fc.assert(
      fc.asyncProperty(lines, fc.double({ min: 0, max: 1, noNaN: true }), async (values, share) => {
        const bytes = bytesOf(values);
        const cut = Math.floor(share * bytes.length);
        const count = bytes.subarray(0, cut).filter(byte => byte === 0x0a).length;
        writeFileSync(at, bytes.subarray(0, cut));
        const read: Line[] = [];
        const handle = await openFile(at);
        const extent = await scanLines(handle, at, line => read.push(parseLine(line, at, schema)));
        await handle.close();
        expect(read).toEqual(asJson(values.slice(0, count)));
        expect(extent).toEqual({
          whole: cut === 0 ? 0 : bytes.lastIndexOf(0x0a, cut - 1) + 1,
          total: cut,
        });
      }),
    );
  });

  test('of lines longer than it is read at once is read whole', async () => {
    const at = path();
    const values = [3e6, 5, 2 ** 20].map(size => ({ cell: 'x'.repeat(size), loss: size }));
    writeFileSync(at, bytesOf(values));
    expect(await readBack(at)).toEqual(values);
  });

  test('torn, reported with its size, cut off, and appended to as if nothing had been', async () => {
    const whole = bytesOf([first]).length;
    const both = bytesOf([first, second]);
    for (let cut = whole + 1; cut < both.length; cut++) {
      const at = path();
      writeFileSync(at, both.subarray(0, cut));
      const { file, read, torn } = await open(at);
      expect({ read, torn }).toEqual({ read: [first], torn: [cut - whole] });
      expect(readFileSync(at)).toEqual(both.subarray(0, whole));
      await file.append([second]);
      await file.close();
      expect(readFileSync(at)).toEqual(both);
    }
  });

  test('not there, it is made; appending nothing writes nothing', async () => {
    const at = path();
    const { file, read, torn } = await open(at);
    await file.append([]);
    await file.close();
    expect({ read, torn, text: readFileSync(at, 'utf8') }).toEqual({ read: [], torn: [], text: '' });
  });

  test('without checksums, as older versions wrote it, is read as it is', async () => {
    const at = path();
    writeFileSync(at, '{"cell":"ä","loss":0}\n');
    expect(await readBack(at)).toEqual([{ cell: 'ä', loss: 0 }]);
  });

  const flipped = sealed(second).trimEnd().replace('"bb"', '"bc"');
  test.each([
    ['not JSON', '{"cell":"bb",', /JSON/],
    ['of another shape', '{"cell":"bb","loss":"x"}', /loss: /],
    ['without a field', '{"cell":"bb"}', /loss: /],
    ['empty', '', /JSON/],
    ['of NUL bytes', '\0\0\0\0', /JSON/],
    ['with a letter changed since it was written', flipped, /its checksum is wrong/],
    ['of a later version', sealed({ name: 'bb', losses: [1] }).trimEnd(), /cell: /],
  ])(
    'a line that is %s is an InputError with its number, wherever it is; the file is not touched',
    async (_, bad, why) => {
      for (const tail of ['{"cell":"cc","loss":1}\n', '', '{"cell":"c']) {
        const at = path();
        const text = `{"cell":"aa","loss":1}\n${bad}\n${tail}`;
        writeFileSync(at, text);
        const error = await open(at).catch(thrown => thrown);
        expect(error).toBeInstanceOf(InputError);
        expect(error.message).toContain(`${at}:2: not a line that lengthwise wrote`);
        expect(error.message).toMatch(why);
        expect(readFileSync(at, 'utf8')).toBe(text);
      }
    },
  );
});

describe('an append that fails', () => {
  test('for want of room, at any byte, with two writers: the file holds what was acknowledged, and nothing else', async () => {
    const [long, short] = [{ cell: 'b'.repeat(40), loss: 2 }, second];
    const needed = bytesOf([long, short]).length;
    const outcomes = new Set<string>();
    for (let room = 0; room <= needed; room++) {
      const at = path();
      writeFileSync(at, bytesOf([first]));
      const { file } = await open(at, fullDisk(/lines/, room));
      const appends = await Promise.allSettled([file.append([long]), file.append([short])]);
      const kept = [long, short].filter((_, i) => appends[i]!.status === 'fulfilled');
      outcomes.add(appends.map(({ status }) => status[0]).join(''));
      for (const append of appends)
        if (append.status === 'rejected') {
          expect(append.reason).toBeInstanceOf(MachineError);
          expect(append.reason.message).toMatch(/lines\.jsonl: could not be written \(ENOSPC/);
        }
      expect(readFileSync(at)).toEqual(bytesOf([first, ...kept]));
      await file.close();
      expect(await readBack(at)).toEqual([first, ...kept]);
    }
    // None, only the one that fits, the first of two, and both.
    expect([...outcomes].sort()).toEqual(['ff', 'fr', 'rf', 'rr']);
  });

  test.each(['EIO', 'EFBIG', 'EDQUOT'])('with %s when it is synced is taken back', async code => {
    const at = path();
    let fail = false;
    const disk = diskWith(async ({ name }, make) => {
      if (name === 'sync' && fail) {
        fail = false;
        throw systemError(code);
      }
      return make();
    });
    const { file } = await open(at, disk);
    await file.append([first]);
    fail = true;
    await expect(file.append([second])).rejects.toThrow(code);
    expect(readFileSync(at)).toEqual(bytesOf([first]));
    await file.append([second]);
    await file.close();
    expect(readFileSync(at)).toEqual(bytesOf([first, second]));
  });

  test('and cannot be taken back is the last: nothing is written after torn bytes, and the next start cuts them', async () => {
    const at = path();
    let broken = false;
    let torn = 0;
    const disk = diskWith(async ({ name, bytes }, make) => {
      if (!broken) return make();
      if (name === 'write' && torn++ === 0) return make(bytes!.subarray(0, 7));
      throw systemError('EIO');
    });
    const { file } = await open(at, disk);
    await file.append([first]);
    broken = true;
    await expect(file.append([second])).rejects.toThrow(/EIO/);
    broken = false;
    await expect(file.append([second])).rejects.toThrow(/EIO/);
    await file.close();
    expect(readFileSync(at)).toEqual(bytesOf([first, second]).subarray(0, bytesOf([first]).length + 7));
    expect(await readBack(at)).toEqual([first]);
  });
});
