import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { type BadInput, expectComplaint, testBadInput } from '../support/bad-input.ts';
import { cliHere, emptyFolder } from '../support/cli.ts';

const bench = (what: string, args: string[], says: RegExp, files: BadInput['files'] = {}): BadInput => ({
  what,
  args: ['bench', ...args],
  files,
  says,
});
const include = (what: string, text: string, says: RegExp) =>
  bench(what, ['attention', '--include', 'rows.json'], says, { 'rows.json': text });

const CASES: BadInput[] = [
  bench('unknown suite', ['matmul'], /'matmul' is invalid.*suite.*roofline, attention, forward, training/),
  bench('length 0', ['attention', '--lengths', '0'], /--lengths.*whole number from 1 to 16384/),
  bench('length that is no number', ['attention', '--lengths', '64,many'], /--lengths.*whole number/),
  bench('empty list', ['attention', '--lengths', ''], /--lengths.*whole number/),
  bench('length beyond memory', ['attention', '--lengths', '1000000'], /--lengths.*whole number/),
  bench(
    'dimension that is no multiple of 4',
    ['attention', '--dimensions', '6'],
    /--dimensions: 6 is not a multiple of 4/,
  ),
  bench('no heads', ['attention', '--heads', '0'], /--heads.*whole number/),
  bench('too few runs', ['attention', '--runs', '4'], /--runs.*whole number from 5/),
  bench('no time', ['attention', '--timeout', '0'], /--timeout.*whole number from 1/),
  bench('unknown direction', ['attention', '--direction', 'sideways'], /--direction.*invalid/),
  bench(
    'unknown implementation',
    ['attention', '--implementations', 'jax-js,jaxjs'],
    /--implementations: no jaxjs in attention/,
  ),
  bench(
    'implementation of another suite',
    ['forward', '--implementations', 'jax-js'],
    /--implementations: no jax-js in forward/,
  ),
  bench(
    'a chart of another kind',
    ['attention', '--out', 'chart.pdf'],
    /--out chart\.pdf: neither \.svg nor \.html/,
  ),
  bench('a chart in no folder', ['attention', '--out', 'nowhere/chart.svg'], /--out: cannot write nowhere/),
  bench('no such file to include', ['attention', '--include', 'nowhere.json'], /nowhere\.json: no such file/),
  include('a file that is not JSON', '{"rows": [', /rows\.json: not JSON/),
  include('a file without rows', '{"cells": []}', /rows\.json: rows: /),
  include('a row without times', '{"rows": [{"suite": "attention"}]}', /rows\.json: rows\.0\./),
];

describe('bad input to bench: exit 2, one clear error, no browser started, nothing left behind', () => {
  testBadInput(CASES);

  test('a folder where the chart should be', async () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'chart.svg'));
    expectComplaint(
      await cliHere(['bench', 'attention', '--out', 'chart.svg'], { cwd }),
      /--out: cannot write chart\.svg/,
    );
  });
});
