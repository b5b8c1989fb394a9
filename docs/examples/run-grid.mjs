// node docs/examples/run-grid.mjs <folder>: a grid from code, and its results read back.
import { plateauPoints, readRun } from 'lengthwise/results';
import { parseExperiment, runExperiment } from 'lengthwise/runner';

const experiment = parseExperiment(
  `
name: from-code
task: { kind: simple, omega: 1 }
model: { width: 8, mlpWidth: 8 }
train: { length: [4, 8], steps: 20, batch: 16 }
test: { length: [8, 16, 32, 64], sequences: 16 }
`,
  'run-grid.mjs',
);
const { folder } = await runExperiment(experiment, {
  out: process.argv[2] ?? 'results',
  runtime: process.env.LENGTHWISE_RUNTIME ?? 'chrome',
  theory: false,
  events: {
    say: line => console.error(line),
    progress: (pack, event) => console.error(`pack ${pack + 1}: ${event.event}`),
  },
});
const { cells } = await readRun(folder);
for (const { axes, plateau } of plateauPoints(cells)) console.log(JSON.stringify(axes), plateau);
process.exit();
