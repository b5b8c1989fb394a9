import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cellTable } from '../../../src/report/table.ts';
import { cellLineSchema } from '../../../src/results/schema.ts';
import { testPointSchema } from '../../../src/shared/protocol.ts';
import { keyTable, taskTable } from '../../support/key-table.ts';
import { CHECKOUT, pageOf } from '../../support/pages.ts';
import { syntheticRun } from '../../support/synthetic.ts';

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
  for (const [table, column, least] of [
    [keyTable(), 3, 40],
    [taskTable(), 2, 20],
  ] as const) {
    const lines = table.split('\n').slice(2);
    expect(lines.length).toBeGreaterThan(least);
    for (const line of lines) {
      expect(line).not.toContain('undefined');
      expect(line.replace(/ \|$/, '').split(' | ')[column]?.length, line).toBeGreaterThan(5);
    }
  }
});

test('the page of results names every field of a line and every column of a table', () => {
  const { text } = pageOf('docs/results.md');
  const columns = cellTable([syntheticRun({ name: 'any', task: { kind: 'simple', omega: 1 } })]).map(
    ({ name }) => name,
  );
  const settings = /^(task|data|model|train|test_(sequences|span)|seed|streams)/;
  const measured = columns.filter(
    name => name === 'training_loss' || !settings.test(name) || /^test_(loss|length|acc|ex)/.test(name),
  );
  expect(measured.length).toBeGreaterThan(15);
  const fields = [...Object.keys(cellLineSchema.shape), ...Object.keys(testPointSchema.shape)];
  for (const name of [...fields, ...measured]) expect(text, name).toContain(`\`${name}\``);
});
