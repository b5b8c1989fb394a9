import { writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { isLinear } from '../model/paths.ts';
import { writeModel } from '../model/safetensors.ts';
import { type SnappedHead, snapped } from '../model/snap.ts';
import type { CellConfig } from '../plan/resolve.ts';
import { fineTune } from '../reference/fine-tune.ts';
import { InputError, messageOf } from '../shared/errors.ts';
import type { Model } from '../shared/model-config.ts';
import { STREAM, streamKey } from '../shared/random.ts';
import { outputsOf } from '../simulation/outputs.ts';
import { drawTokens, type LawName } from '../tasks/laws/registry.ts';
import { taskOf } from '../tasks/registry.ts';
import type { Knobs } from '../tasks/task.ts';
import { hasInfinitePrecision } from '../theory/defined.ts';
import { lossAtInfinity } from '../theory/limit-loss.ts';
import { positionalMargin, suffixBiases } from '../theory/margins.ts';
import { type ModelContext, modelInContext } from './model-context.ts';
import { short } from './numbers.ts';
import { log, print, printJson } from './output.ts';
import { wrapped } from './wrapped.ts';

export interface SnapOptions {
  prune: boolean;
  steps: number;
  out?: string;
  law?: LawName;
  alpha?: number;
  json: boolean;
}

/** Lengths that losses are measured at, strings of each, and token laws at T = ∞. */
const LENGTHS = [64, 256, 1024];
const STRINGS = 128;
const LAWS = 100;
/** Sequences of a step of fine-tuning; its rate, of that of the training; steps between two lines of progress. */
const BATCH = 16;
const RATE = 0.3;
const PROGRESS = 50;

/** Above this share, what the suffix keeps or loses at the longest length is not settled. */
const NEAR = 0.05;

/** Mean squared error against the target, or, without one, against the model before. */
interface SnapLoss {
  /** Null: ∞. */
  length: number | null;
  before: number;
  after: number;
}

/** `lengthwise snap`: writes the model with exact heads, and says what that cost. Runs on the CPU, in float64. */
export async function snap(file: string, options: SnapOptions): Promise<void> {
  const context = await modelInContext(file, options);
  const { model, cell } = context;
  if (!hasInfinitePrecision(model.config.attention) || !isLinear(model.config))
    throw new InputError(
      `${file}: only models in infinite precision, of one or two layers without norm, have heads to snap`,
      'Others have no φ that decides alone what a head attends to.',
    );
  if (options.steps > 0 && !context.target)
    throw new InputError(
      `${file}: --steps needs a task that can be drawn: that of a model in a run's folder that was not trained on files`,
      'Give results/<experiment>/<run>/models/<cell>.safetensors, or leave --steps out.',
    );
  const exact = snapped(model, options);
  const result = cell && options.steps > 0 ? tuned(exact.model, context, cell, options.steps) : exact.model;
  const out = options.out ?? file.replace(/(\.safetensors)?$/, '-snapped.safetensors');
  try {
    await writeFile(out, writeModel({ ...result, training: model.training }));
  } catch (error) {
    throw new InputError(`cannot write ${out} (${messageOf(error)})`, 'Name another file with --out.');
  }
  const losses = lossesOf(model, result, context);
  const margin = Math.min(...suffixBiases(model).map(positionalMargin));
  const summary = {
    out,
    target: cell !== undefined,
    steps: options.steps,
    heads: exact.heads,
    losses,
    margin,
  };
  if (options.json) printJson(summary);
  else print(textOf(summary));
}

/** The cell's task with its knobs. */
function taskIn({ task: { kind, ...knobs } }: CellConfig) {
  return { task: taskOf(kind), knobs: knobs as Knobs };
}

function tuned(model: Model, { source }: ModelContext, cell: CellConfig, steps: number): Model {
  const { train } = cell;
  const { warmup: _, schedule, clip, beta1, beta2, epsilon } = train;
  return fineTune(model, {
    drawing: {
      ...taskIn(cell),
      law: source.law,
      alphaThousandths: source.alphaThousandths,
      lengthMode: train.lengthMode,
      length: train.length,
      positions: 'every',
      offsets: null,
      key: streamKey(cell.seed, STREAM.train),
    },
    steps,
    batch: BATCH,
    learningRate: RATE * train.learningRate,
    optimiser: { beta1, beta2, epsilon, clip, schedule, warmup: Math.floor(steps / 10) },
    baseWidth: train.baseWidth,
    onStep: (step, loss) => {
      if (step % PROGRESS === 0) log(`  fine-tuning, step ${step}/${steps}, loss ${loss.toExponential(2)}`);
    },
  }).model;
}

function lossesOf(before: Model, after: Model, { source, target, cell }: ModelContext): SnapLoss[] {
  const models = [outputsOf(before), outputsOf(after)] as const;
  const rows = LENGTHS.map((length): SnapLoss => {
    const sums = [0, 0];
    for (let i = 0; i < STRINGS; i++) {
      const tokens = drawTokens(source, i, length);
      const [f, g] = models.map(model => model(tokens)) as [Float64Array, Float64Array];
      const star = target?.(tokens) ?? f;
      [f, g].forEach((y, k) => {
        sums[k]! += y.reduce((sum, value, o) => sum + (value - star[o]!) ** 2, 0) / STRINGS;
      });
    }
    return { length, before: sums[0]!, after: sums[1]! };
  });
  const labelled = cell && taskIn(cell);
  const { limit } = labelled?.task ?? {};
  if (!labelled || !limit) return rows;
  const { task, knobs } = labelled;
  const atInfinity = (model: Model) =>
    lossAtInfinity(model, source, chain => limit(chain, knobs), {
      laws: LAWS,
      order: task.shape(knobs).order,
    }).loss;
  return [...rows, { length: null, before: atInfinity(before), after: atInfinity(after) }];
}

function textOf({
  out,
  target,
  steps,
  heads,
  losses,
  margin,
}: {
  out: string;
  target: boolean;
  steps: number;
  heads: SnappedHead[];
  losses: SnapLoss[];
  margin: number;
}): string {
  const longest = LENGTHS.at(-1)!;
  const left = longest ** -margin;
  const table = new Table({ head: ['T', 'before', 'after'], style: { head: [], border: [] } });
  for (const { length, before, after } of losses) table.push([length ?? '∞', short(before), short(after)]);
  return [
    ...heads.map(
      head => `Layer ${head.layer}, head ${head.head}, max φ = ${short(head.phi)}: ${becameOf(head)}`,
    ),
    target
      ? 'Mean squared error against the target:'
      : 'Mean squared distance from the model as it was (a file of its own has no target):',
    table.toString(),
    ...(left > NEAR && losses.some(({ length }) => length === null)
      ? [
          wrapped(
            `Before: φ is so near 1 that T^−|φ−1| is ${short(left)} at T = ${longest.toLocaleString('en')}: its loss at ∞ is not what longer tests would show.`,
          ),
        ]
      : []),
    steps > 0 ? `Fine-tuned for ${steps} steps.` : 'Not fine-tuned (--steps).',
    `Written: ${out}`,
  ].join('\n');
}

function becameOf({ to, offsets }: SnappedHead): string {
  if (to === 'offset') return `attends to offset ${offsets.join(' and ')} alone`;
  return to === 'zero' ? 'all positions alike, φ = 0' : 'pruned, as it sees every position';
}
