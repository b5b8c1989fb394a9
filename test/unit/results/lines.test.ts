import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { LineFile, parseLines } from '../../../src/results/lines.ts';
import { InputError } from '../../../src/shared/errors.ts';
import { emptyFolder } from '../../support/cli.ts';

const schema = z.object({ cell: z.string(), loss: z.number().nullable() });
type Line = z.infer<typeof schema>;

const lines = fc.array(
  fc.record({ cell: fc.string({ unit: 'binary' }), loss: fc.oneof(fc.integer(), fc.constant(null)) }),
  { minLength: 1, maxLength: 6 },
);
const bytesOf = (values: Line[]) =>
  new TextEncoder().encode(values.map(value => `${JSON.stringify(value)}\n`).join(''));
/** What JSON makes of a value: lone surrogates survive as escapes, −0 does not. */
const asJson = (values: Line[]): Line[] => JSON.parse(JSON.stringify(values));

async function open(path: string) {
  const torn: string[] = [];
  const opened = await LineFile.open(path, schema, message => torn.push(message));
  return { ...opened, torn };
}

describe('a file of lines', () => {
  test('cut anywhere, it holds exactly the lines that are whole', () => {
    fc.assert(
      fc.property(lines, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const bytes = bytesOf(values);
        const cut = Math.floor(share * bytes.length);
        const whole = bytes.lastIndexOf(0x0a, cut - 1) + 1;
        const count = bytes.subarray(0, cut).filter(byte => byte === 0x0a).length;
        expect(parseLines(bytes.subarray(0, cut), 'f', schema)).toEqual({
          lines: asJson(values.slice(0, count)),
          whole: cut === 0 ? 0 : whole,
          total: cut,
        });
      }),
    );
  });

  test('torn, reported with its size, cut off, and appended to as if nothing had been', async () => {
    const [first, second] = [
      { cell: 'aa', loss: 1 },
      { cell: 'bb', loss: null },
    ];
    const whole = bytesOf([first]).length;
    const both = bytesOf([first, second]);
    for (let cut = whole + 1; cut < both.length; cut++) {
      const path = join(emptyFolder(), 'lines.jsonl');
      writeFileSync(path, both.subarray(0, cut));
      const { file, lines: read, torn } = await open(path);
      expect(read).toEqual([first]);
      expect(torn).toEqual([
        `${path}: dropped a torn last line of ${cut - whole} bytes; that cell will be run again`,
      ]);
      expect(readFileSync(path)).toEqual(Buffer.from(both.subarray(0, whole)));
      await file.append([second]);
      await file.close();
      expect(readFileSync(path)).toEqual(Buffer.from(both));
    }
  });

  test('whole, it is left alone and nothing is reported', async () => {
    const path = join(emptyFolder(), 'lines.jsonl');
    writeFileSync(path, bytesOf([{ cell: 'ä', loss: 0 }]));
    const { file, lines: read, torn } = await open(path);
    await file.close();
    expect({ read, torn }).toEqual({ read: [{ cell: 'ä', loss: 0 }], torn: [] });
  });

  test('not there, it is made; appending nothing writes nothing', async () => {
    const path = join(emptyFolder(), 'lines.jsonl');
    const { file, lines: read, torn } = await open(path);
    await file.append([]);
    await file.close();
    expect({ read, torn, text: readFileSync(path, 'utf8') }).toEqual({ read: [], torn: [], text: '' });
  });

  test.each([
    ['not JSON', '{"cell":"bb",'],
    ['of another shape', '{"cell":"bb","loss":"x"}'],
    ['without a field', '{"cell":"bb"}'],
    ['empty', ''],
    ['of NUL bytes', '\0\0\0\0'],
  ])(
    'a line in the middle that is %s is an InputError with its number; the file is not touched',
    async (_, bad) => {
      const path = join(emptyFolder(), 'lines.jsonl');
      const text = `{"cell":"aa","loss":1}\n${bad}\n{"cell":"cc","loss":1}\n`;
      writeFileSync(path, text);
      const opening = open(path);
      await expect(opening).rejects.toThrow(InputError);
      await expect(opening).rejects.toThrow(`${path}:2: not a line that lengthwise wrote`);
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );

  test('damage in the middle is an error even when the last line is torn as well', () => {
    const bytes = new TextEncoder().encode('{"cell":"aa"}\n{"cell":"bb","loss":1}\n{"cell');
    expect(() => parseLines(bytes, 'f.jsonl', schema)).toThrow(/^f\.jsonl:1: /);
  });
});
