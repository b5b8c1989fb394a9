import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { csvParse } from 'd3-dsv';
import { describe, expect, test } from 'vitest';
import { cellTable, toCsv } from '../../../src/report/table.ts';
import { readRuns } from '../../../src/results/runs.ts';
import { pythonWithNumpy } from '../../../src/setup/numpy.mjs';
import { emptyFolder } from '../../support/cli.ts';
import { deepGoldens, goldens } from '../../support/golden.ts';
import { CHECKOUT } from '../../support/pages.ts';
import { writeSynthetic } from '../../support/synthetic.ts';

/* The reader for Python users. Its models run with PyTorch and with NumPy by the same lines; here it is NumPy. */

const EXAMPLES = join(CHECKOUT, 'docs', 'examples');

function python(...args: string[]): string {
  const found = pythonWithNumpy();
  if (!found) throw new Error('no Python with NumPy: node src/setup/setup.mjs --numpy');
  const env = { ...process.env, PYTHONPATH: EXAMPLES, PYTHONDONTWRITEBYTECODE: '1' };
  return execFileSync(found, args, { encoding: 'utf8', env });
}

test('a run folder is the table that report writes', async () => {
  const root = emptyFolder();
  writeSynthetic(root, {
    name: 'read',
    task: { kind: 'simple', omega: [1, 4] },
    axes: { 'task.omega': [1, 4] },
  });
  const read = csvParse(python(join(EXAMPLES, 'read_results.py'), root));
  const wanted = csvParse([...toCsv(cellTable((await readRuns(root)).runs))].join(''));
  expect(read).toHaveLength(wanted.length);
  for (const name of read.columns) expect(wanted.columns, name).toContain(name);
  const numbers = [
    'test_length',
    'test_loss',
    'test_loss_stderr',
    'training_loss',
    'task_omega',
    'train_length',
    'seed',
  ];
  read.forEach((row, i) => {
    expect(row.cell).toBe(wanted[i]!.cell);
    for (const name of numbers) expect(Number(row[name]), name).toBe(Number(wanted[i]![name]));
  });
});

describe('a model file is a function', () => {
  const program = `
import json, numpy
from read_results import outputs, read_model
for path, cases in json.load(open("cases.json")):
    config, weights = read_model(path, numpy)
    print(json.dumps([outputs(numpy, config, weights, numpy.asarray(tokens)).tolist() for tokens in cases]))
`;

  test('equal to the golden vectors at every position: every rule, encoding and norm', () => {
    const folder = emptyFolder();
    const all = [...goldens(), ...deepGoldens()];
    const cases = all.map(({ file, forward }) => [file, forward.map(({ tokens }) => tokens)]);
    writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
    const lines = python('-c', `import os; os.chdir(${JSON.stringify(folder)})\n${program}`)
      .trim()
      .split('\n');
    expect(lines).toHaveLength(all.length);
    all.forEach(({ name, forward }, m) => {
      const said = JSON.parse(lines[m]!) as number[][][];
      forward.forEach((vector, c) => {
        const rows = said[c]!.slice(-vector.outputs.length);
        rows.forEach((row, r) => {
          row.forEach((x, o) => {
            expect(Math.abs(x - vector.outputs[r]![o]!), name).toBeLessThan(1e-9);
          });
        });
      });
    });
  });

  test('as a command it says what forward says', () => {
    const folder = emptyFolder();
    const { file, forward } = goldens()[0]!;
    const tokens = join(folder, 'tokens.json');
    writeFileSync(tokens, JSON.stringify({ sequences: forward.map(vector => vector.tokens) }));
    const { outputs } = JSON.parse(python(join(EXAMPLES, 'read_results.py'), file, tokens));
    forward.forEach((vector, c) => {
      vector.outputs.at(-1)!.forEach((x, o) => {
        expect(outputs[c][o]).toBeCloseTo(x, 9);
      });
    });
  });
});
