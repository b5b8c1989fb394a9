import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readJsonLines } from '../../src/data/json-lines.ts';
import { readParquet } from '../../src/data/parquet.ts';
import type { Piece } from '../../src/data/place.ts';
import type { CellResult } from '../../src/results/schema.ts';
import { type CliResult, cli, emptyFolder } from '../support/cli.ts';
import { softwareDriver } from '../support/engine.ts';
import { CHECKOUT, pageOf } from '../support/pages.ts';

/* docs/bring-your-own-data.md from an empty folder to a report: its programs are written there, and its commands given in order. */

const { text, shell } = pageOf('docs/bring-your-own-data.md');
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block]) => block!);
const [jsonWriter, parquetWriter] = blocks('python') as [string, string];
const DATA = join(CHECKOUT, 'test', 'data');

const cwd = emptyFolder();
const said = new Map<string, CliResult>();

beforeAll(async () => {
  writeFileSync(join(cwd, 'write.py'), jsonWriter);
  writeFileSync(join(cwd, 'majority.yaml'), blocks('yaml')[0]!);
  const env = {
    ...softwareDriver().environment,
    ...{ LENGTHWISE_RUNTIME: 'chrome', XDG_CACHE_HOME: join(cwd, 'cache') },
  };
  for (const line of shell.filter(Boolean)) {
    const [program, ...words] = line.split(' ');
    if (program === 'npx') said.set(words[1]!, await cli(words.slice(1), { cwd, env }));
    else execFileSync(program!, words, { cwd });
  }
});

test('every command does what the page says', () => {
  expect([...said].map(([verb, { code, stderr }]) => [verb, code, code === 0 ? '' : stderr])).toEqual(
    ['plan', 'run', 'report'].map(verb => [verb, 0, '']),
  );
  expect(said.get('plan')!.stdout).toMatch(/majority: 4 cells; 1 pack to train/);
  expect(said.get('run')!.stdout).toMatch(/Trained at .* in Chrom/);
});

test('what is trained on 16 tokens carries over to 64', async () => {
  const [run] = readdirSync(join(cwd, 'results', 'majority'));
  const lines = readFileSync(join(cwd, 'results', 'majority', run!, 'cells.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const cells = lines.map(line => JSON.parse(line) as CellResult);
  const long = cells.filter(({ axes }) => axes['train.length'] === 16);
  expect([cells.length, long.length]).toEqual([4, 2]);
  // Guessing has ln 2, 0.69.
  for (const { test } of long)
    expect(test.map(({ length, loss }) => [length, loss! < 0.25])).toEqual([
      [16, true],
      [64, true],
    ]);
});

test("what pyarrow wrote with the page's program is read as what json wrote", async () => {
  expect(readFileSync(join(DATA, 'write-parquet.py'), 'utf8')).toBe(parquetWriter);
  const all = async (pieces: AsyncGenerator<Piece>) => {
    const values: unknown[] = [];
    for await (const piece of pieces) values.push(...piece.values);
    return values;
  };
  const table = await all(readParquet(join(DATA, 'train-0.parquet')));
  expect(table.length).toBe(1000);
  expect(table).toEqual(await all(readJsonLines(join(cwd, 'data', 'train-0.jsonl'))));
});
