#!/usr/bin/env node
// What the theorems say of the training length, one experiment after the other, then the worst errors, the verdict and the report:
// `npm run theorems`. Options go to `lengthwise run`.
import { join } from 'node:path';
import { conclude, must } from '../series.mjs';

const EXPERIMENTS = ['period', 'lipschitz', 'vocabulary', 'locality', 'alpha', 'k-gram'];
const results = join('results', 'theorems');
const options = process.argv.slice(2);
// What `simulate` has a use for, too.
const runtime = options.indexOf('--runtime');
const machine = runtime < 0 ? [] : options.slice(runtime, runtime + 2);

for (const name of EXPERIMENTS)
  must('run', join('experiments', 'theorems', `${name}.yaml`), '--out', results, ...options);
must('simulate', '--results', results, '--adversary', '--test-length', '512', '--rounds', '16', ...machine);
conclude(results);
