#!/usr/bin/env node
// Figures 1-4 of the paper, one after the other, then the verdict and the report: `npm run paper`, or `npm run paper -- paper` for the
// size that wants a GPU.
import { join } from 'node:path';
import { conclude, must } from '../series.mjs';

const FIGURES = ['figure-1', 'figure-2', 'figure-3', 'figure-4a', 'figure-4b'];
const [size = 'ci', ...options] = process.argv.slice(2);
const results = join('results', `paper-${size}`);

for (const figure of FIGURES)
  must('run', join('experiments', 'paper', `${figure}.yaml`), '--size', size, '--out', results, ...options);
conclude(results);
