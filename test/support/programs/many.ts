import { mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { ENGINE_HASH } from '../../../src/plan/engine-hash.ts';
import { gridHash, runHash } from '../../../src/plan/plan.ts';
import type { CellLine } from '../../../src/results/schema.ts';
import { sealed } from '../../../src/results/seal.ts';
import { theoryLine } from '../cells.ts';
import { manifestOf } from '../results.ts';
import { syntheticLoss } from '../synthetic.ts';

/** Writes a finished run of an experiment, as `run` leaves it but for weights and curves: `many <text of the experiment> <results>`. */
const [text, out] = process.argv.slice(2) as [string, string];
const experiment = parseExperiment(text, 'many.yaml');
const cells = cellsOf(experiment);
const run = runHash(cells);
const folder = join(out, experiment.name, run);
mkdirSync(folder, { recursive: true });
const file = openSync(join(folder, 'cells.jsonl'), 'w');
const errors = experiment.content.epsilon.flatMap(epsilon => [epsilon, Math.sqrt(epsilon)]);
let lines: string[] = [];
for (const [i, { hash, axes, config }] of cells.entries()) {
  const loss = syntheticLoss(Number(config.task.omega), config.train.length, i);
  const line: CellLine = {
    cell: hash,
    axes,
    trainLoss: loss / 20,
    trainLossStderr: loss / 200,
    divergedAtStep: i % 1000 === 7 ? 5 : null,
    test: config.test.length.map(length => ({ length, loss: loss * (1 - 1 / length), stderr: loss / 100 })),
    theory: theoryLine({
      bounds: errors.flatMap(epsilon =>
        ['theorem-4.1', 'theorem-4.2', 'theorem-5.2', 'theorem-5.2-digest', 'certificate'].map(name => ({
          name,
          epsilon,
          log10N: 2 - Math.log10(epsilon * loss),
          applies: /4\.2|certificate/.test(name),
        })),
      ),
    }),
    attention: null,
    steps: 10,
    seconds: 1 / 3,
    adapter: 'made up (software)',
    driver: 'made up',
    engine: ENGINE_HASH,
  };
  lines.push(sealed(line));
  if (lines.length === 1000 || i === cells.length - 1) {
    writeSync(file, lines.join(''));
    lines = [];
  }
}
const manifest = manifestOf([], {
  name: experiment.name,
  run,
  grid: gridHash(cells),
  engine: ENGINE_HASH,
  experiment: experiment.content,
  cells: cells.length,
  finished: cells.length,
});
writeSync(openSync(join(folder, 'manifest.json'), 'w'), JSON.stringify(manifest));
process.stdout.write(folder);
