import { join } from 'node:path';
import type { Run } from '../../src/results/runs.ts';
import type { CellLine, Manifest } from '../../src/results/schema.ts';
import { WordStream } from '../../src/shared/random.ts';
import { theoryLine } from './cells.ts';
import { experimentOf, manifestOf, writeRun } from './results.ts';

/** A run made up by a law that is known: loss = 0.2 · knob · N^−2 · (1 − 1/T), times e^(spread · noise) of its seed. */
export interface Synthetic {
  name: string;
  task: { kind: string; [knob: string]: string | number | (string | number)[] };
  /** Axes besides training length and seed, in the order of the file. The first multiplies the loss. */
  axes?: Record<string, (number | string)[]>;
  lengths?: number[];
  tests?: number[];
  seeds?: number;
  spread?: number;
  epsilon?: number[];
  /** Changes a cell before it is written. */
  vary?: (cell: CellLine, index: number) => CellLine;
  /** Changes the manifest before it is written. */
  manifest?: Partial<Manifest>;
}

/** Writes a made-up run's folder below `root` and returns it. */
export function writeSynthetic(root: string, synthetic: Synthetic): string {
  const folder = join(root, synthetic.name.replace(/[^\w-]/g, '_'), 'abcd1234');
  const cells = syntheticCells(synthetic);
  return writeRun(folder, cells, changesOf(synthetic, cells));
}

/** The same run without a folder. */
export function syntheticRun(synthetic: Synthetic): Run {
  const cells = syntheticCells(synthetic);
  return {
    folder: '.',
    name: synthetic.name,
    manifest: manifestOf(cells, changesOf(synthetic, cells)),
    cells,
    missing: [],
  };
}

/** The law of made-up losses, for T = ∞: of a knob, a training length and a place in the grid, which makes the noise. */
export function syntheticLoss(knob: number, length: number, index: number, spread = 0.1): number {
  const noise = new WordStream(0x73796e, index, 0);
  return (0.2 * knob * Math.exp(spread * (noise.next() / 2 ** 31 - 1))) / length ** 2;
}

/** The cells of a made-up run, the last axis varying fastest. */
export function syntheticCells({
  axes = {},
  name,
  task,
  lengths = [4, 8, 16, 32],
  tests = [64, 128, 256, 512],
  seeds = 3,
  spread = 0.1,
  epsilon = [0.01],
  vary = cell => cell,
}: Synthetic): CellLine[] {
  const grid: [string, (number | string)[]][] = [
    ...Object.entries(axes),
    ['train.length', lengths],
    ['seed', Array.from({ length: seeds }, (_, i) => i)],
  ];
  const points = grid.reduce<CellLine['axes'][]>(
    (rows, [path, values]) => rows.flatMap(row => values.map(value => ({ ...row, [path]: value }))),
    [{}],
  );
  return points.map((point, index) => {
    const knob = Number(Object.values(point)[0]) || 1;
    const loss = syntheticLoss(knob, Number(point['train.length']), index, spread);
    const cell: CellLine = {
      cell: `${name}${String(index).padStart(5, '0')}`,
      axes: point,
      trainLoss: loss / 20,
      trainLossStderr: loss / 200,
      divergedAtStep: null,
      test: tests.map(length => ({ length, loss: loss * (1 - 1 / length), stderr: loss / 100 })),
      theory: theoryLine({
        bounds: epsilon.flatMap(value => [
          {
            name: 'theorem-4.2',
            epsilon: Math.sqrt(value),
            log10N: -4 * Math.log10(Math.sqrt(value)),
            applies: true,
          },
          { name: 'certificate', epsilon: Math.sqrt(value), log10N: 2 + Math.log10(knob), applies: true },
        ]),
      }),
      attention:
        task.kind === 'mod-p'
          ? {
              length: 1024,
              sequences: 64,
              heads: [
                {
                  argmaxMass: 0.99,
                  residueMass: Array.from({ length: knob }, (_, r) => (r === 1 ? 0.98 : 0.02 / (knob - 1))),
                  uniformity: 0.97,
                },
              ],
            }
          : null,
      steps: 1000,
      seconds: 1.5,
      adapter: 'synthetic adapter',
    };
    return vary(cell, index);
  });
}

function changesOf(
  { name, task, epsilon = [0.01], manifest }: Synthetic,
  cells: readonly CellLine[],
): Partial<Manifest> {
  return {
    name,
    run: 'abcd1234',
    experiment: experimentOf(cells, name, { task: task as Manifest['experiment']['task'], epsilon }),
    command: `lengthwise run experiments/${name}.yaml`,
    adapter: {
      vendor: 'v',
      architecture: 'a',
      device: 'd',
      description: 'synthetic adapter',
      software: true,
    },
    ...manifest,
  };
}
