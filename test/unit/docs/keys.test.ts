import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyTable, taskTable } from '../../support/key-table.ts';
import { CHECKOUT, pageOf } from '../../support/pages.ts';

const PAGE = 'docs/experiment-file.md';

/** A page with what stands between two of its markers put anew. */
function withPart(text: string, name: string, part: string): string {
  const between = new RegExp(`(<!-- ${name}: .*-->\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
  expect(text).toMatch(between);
  return text.replace(between, (_, begin, end) => `${begin}\n${part}\n\n${end}`);
}

test('tables of keys and tasks are those of the schema (`npm run docs` rewrites them)', async () => {
  const { text } = pageOf(PAGE);
  await expect(withPart(withPart(text, 'keys', keyTable()), 'tasks', taskTable())).toMatchFileSnapshot(
    join(CHECKOUT, PAGE),
  );
});

test('every key and every knob says what it means', () => {
  for (const line of `${keyTable()}\n${taskTable()}`.split('\n').slice(2))
    expect(line, line).not.toMatch(/undefined|\| {2}\| .*\| {2}\|$/);
  const meanings = keyTable()
    .split('\n')
    .slice(2)
    .map(line => line.split(' | ')[3]);
  expect(meanings.length).toBeGreaterThan(40);
  for (const meaning of meanings) expect(meaning!.length).toBeGreaterThan(8);
});
