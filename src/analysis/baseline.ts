import { parseContent } from '../config/schema.ts';
import { cellsOf } from '../plan/cells.ts';
import type { CellConfig } from '../plan/resolve.ts';
import { type Axes, labelOf, settingOf, without } from '../results/axes.ts';
import type { Run } from '../results/runs.ts';
import { InputError } from '../shared/errors.ts';
import { STREAM, streamKey } from '../shared/random.ts';
import { remembered } from '../shared/remembered.ts';
import type { HostTask } from '../shared/task.ts';
import { type Drawing, sampleSequence } from '../tasks/sample.ts';
import { taskAndKnobs } from '../tasks/written.ts';

/** Squared-error losses that need no training, on long sequences. */
export interface Baseline {
  /** Of predicting the mean target: its variance, summed over outputs. */
  predictMean: number;
  /** Of predicting the sequence's own token frequencies; only for tasks whose output is a distribution over tokens. */
  orderZero: number | undefined;
}

/** The parts of a cell's configuration that decide its baselines. */
type Drawn = Pick<CellConfig, 'task' | 'data' | 'train' | 'test' | 'fed'>;

/** What losses of a cell are measured by. Undefined where nobody knows. */
export interface Yardstick {
  /** Loss of predicting the mean target on long sequences, for a setting of the knobs. */
  plateau(axes: Axes): number | undefined;
  /** The same on sequences like those trained on. */
  training(axes: Axes): number | undefined;
}

const SEQUENCES = 1024;
const LONGEST = 1024;
/** Of training sequences, which may be long and read at every position. */
const TOKENS = 2 ** 20;
const LEAST_SEQUENCES = 64;

/** The baselines of a grid: each is computed when it is first asked for. Labels of axes name the cells. */
export class Baselines implements Yardstick {
  private readonly configs = new Map<string, Drawn>();
  private readonly known = new Map<string, Baseline>();
  private readonly trained = new Map<string, number | undefined>();

  constructor(cells: Iterable<{ axes: Axes; config: Drawn }>) {
    for (const { axes, config } of cells) {
      // The first of a setting stands for all of its training lengths.
      for (const label of [settingLabel(axes), groupLabel(axes)])
        if (!this.configs.has(label)) this.configs.set(label, config);
    }
  }

  /** Of the grid that a run's manifest names; of none where its experiment is not one of this version. */
  static ofRun({ manifest }: Run): Baselines {
    return ofManifest(manifest);
  }

  /** The baseline of a setting of the knobs. Training length and seed among the axes do not matter. */
  of(axes: Axes): Baseline | undefined {
    const config = this.configs.get(settingLabel(axes));
    // What classes would be predicted without training is no squared error.
    if (!config || hasClasses(config)) return undefined;
    const { task, data, test } = config;
    const key = JSON.stringify([task, data, test.length]);
    const baseline = this.known.get(key) ?? (config.fed ? fedBaseline(config.fed) : baselineOf(config));
    if (!baseline) return undefined;
    this.known.set(key, baseline);
    return baseline;
  }

  plateau(axes: Axes): number | undefined {
    // Cross-entropies are no squared errors.
    return this.configs.get(settingLabel(axes))?.train.loss === 'mse'
      ? this.of(axes)?.predictMean
      : undefined;
  }

  training(axes: Axes): number | undefined {
    const label = groupLabel(axes);
    const config = this.configs.get(label);
    if (config?.train.loss !== 'mse' || hasClasses(config)) return undefined;
    const loss = this.trained.get(label) ?? trainingBaseline(config);
    this.trained.set(label, loss);
    return loss;
  }
}

/** Whether the targets of a cell are classes. */
const hasClasses = ({ task, fed }: Drawn) =>
  fed ? fed.form === 'classes' : taskAndKnobs(task).task.classes === true;

/** Of a grid's first seed: the others have the same. Tables, figures and claims of a run share what it has computed. */
const ofManifest = remembered(({ name, experiment }: Run['manifest']): Baselines => {
  const parsed = parseContent(experiment);
  return new Baselines(
    parsed.success ? cellsNamed(name, { ...parsed.data, seed: [parsed.data.seed].flat().slice(0, 1) }) : [],
  );
});

const settingLabel = (axes: Axes) => labelOf(settingOf(axes));
const groupLabel = (axes: Axes) => `${settingLabel(axes)} N ${without(axes, 'seed')['train.length']}`;

function cellsNamed(name: string, content: Parameters<typeof cellsOf>[0]['content']) {
  try {
    return cellsOf({ file: 'manifest.json', name, content, where: () => 'manifest.json' });
  } catch (error) {
    // A grid that this version would refuse has no baselines; its cells are reported all the same.
    if (error instanceof InputError) return [];
    throw error;
  }
}

/**
 * Baselines of a cell's task on long sequences: the limit for T → ∞ where the task knows it, else sampled at the longest test length (at
 * most `LONGEST`, `SEQUENCES` sequences).
 */
export function baselineOf(config: Pick<CellConfig, 'task' | 'data' | 'test'>): Baseline {
  const { task, knobs } = taskAndKnobs(config.task);
  const { law, alpha } = config.data;
  const length = Math.min(LONGEST, Math.max(...config.test.length));
  const targets = new Variance();
  let orderZero = 0;
  const { vocabulary, order } = task.shape(knobs);
  const drawing = drawingOf(config, { lengthMode: 'fixed', length, positions: 'last', step: length });
  for (let i = 0; i < SEQUENCES; i++) {
    const { tokens, targets: read } = sampleSequence(drawing, i);
    const target = read[0]!;
    targets.add(target);
    if (order > 0) {
      const frequencies = new Float64Array(vocabulary);
      for (const token of tokens) frequencies[token]! += 1 / tokens.length;
      orderZero += target.reduce((error, value, s) => error + (value - frequencies[s]!) ** 2, 0);
    }
  }
  return {
    predictMean: task.limitVariance?.(knobs, law, alpha) ?? targets.value,
    orderZero: order > 0 ? orderZero / SEQUENCES : undefined,
  };
}

/** Baselines of sequences that are made on the host: of the longest test. Undefined where nobody knows. */
function fedBaseline({ points }: HostTask): Baseline | undefined {
  const { variance } = points.at(-1)!;
  return variance === null ? undefined : { predictMean: variance, orderZero: undefined };
}

/** Loss of predicting the mean target on sequences like those that a cell is trained on; undefined where nobody knows. */
function trainingBaseline({ train, ...config }: Drawn): number | undefined {
  if (config.fed) return config.fed.points[0]!.variance ?? undefined;
  const { lengthMode, length, positions } = train;
  const drawing = drawingOf(config, { lengthMode, length, positions, step: 0 });
  const targets = new Variance();
  const sequences = Math.max(LEAST_SEQUENCES, Math.min(SEQUENCES, Math.floor(TOKENS / length)));
  for (let i = 0; i < sequences; i++)
    for (const target of sampleSequence(drawing, i).targets) targets.add(target);
  return targets.value;
}

function drawingOf(
  config: Pick<CellConfig, 'task' | 'data'>,
  how: Pick<Drawing, 'lengthMode' | 'length' | 'positions' | 'step'>,
): Drawing {
  const { law, alpha } = config.data;
  const alphaThousandths = Math.round(alpha * 1000);
  return {
    ...taskAndKnobs(config.task),
    law,
    alphaThousandths,
    offsets: null,
    key: streamKey(0, STREAM.test),
    ...how,
  };
}

/** Variance of vectors, summed over their entries. */
class Variance {
  private count = 0;
  private squares = 0;
  private sum: number[] = [];

  add(vector: readonly number[]): void {
    this.count++;
    vector.forEach((value, o) => {
      this.sum[o] = (this.sum[o] ?? 0) + value;
      this.squares += value * value;
    });
  }

  get value(): number {
    return (
      this.squares / this.count - this.sum.reduce((total, value) => total + (value / this.count) ** 2, 0)
    );
  }
}
