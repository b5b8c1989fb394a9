import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readUserBytes, readUserFile } from '../config/user-file.ts';
import { readModel } from '../model/safetensors.ts';
import type { CellConfig } from '../plan/resolve.ts';
import { sourceOf } from '../plan/source.ts';
import { whatIsWrong } from '../results/lines.ts';
import { manifestSchema } from '../results/schema.ts';
import type { Model } from '../shared/model-config.ts';
import { STREAM, streamKey } from '../shared/random.ts';
import { trainingText } from '../shared/training.ts';
import { recordedCells } from '../sweep/recorded-cells.ts';
import { type LawName, lawSchema, type TokenSource } from '../tasks/laws/registry.ts';
import { TASKS, taskOf } from '../tasks/registry.ts';
import { type ShortShape, targetOf } from '../tasks/task.ts';
import { isOneLayer } from '../theory/defined.ts';
import { log } from './output.ts';

/** A model with what is known of where it came from. */
export interface ModelContext {
  model: Model;
  source: TokenSource;
  /** f*, for a model that lies in a run's folder and was trained on a law. */
  target: ((tokens: ArrayLike<number>) => number[]) | undefined;
  /** What it was trained on, in words; undefined where neither its file nor its folder says. */
  task: string | undefined;
  /** The cell of a run that it was trained as. */
  cell: CellConfig | undefined;
  /** A bound on ‖f*(z) − f*(x)‖ for deterministic short strings, by the task. */
  shortError: (short: ShortShape) => number | undefined;
}

/** What the command line said of the token law. */
export interface LawOptions {
  law?: LawName;
  alpha?: number;
}

const MODEL_BYTES = 2 ** 31;
const MANIFEST_BYTES = 2 ** 26;
/** Contexts that an order-k law may have. */
const MOST_URNS = 65536;

/** Reads a model file. @throws InputError when it cannot be read, or is not one. */
export async function readUserModel(file: string): Promise<Model> {
  return readModel(await readUserBytes(file, MODEL_BYTES), file);
}

/**
 * Reads a model. One that lies in a run's folder knows its task and token law from the manifest beside it; for another the law is
 * dirichlet-iid (one layer, or no suffix), else dirichlet-markov of order τ, unless the command line says otherwise.
 * @throws InputError when the model cannot be read.
 */
export async function modelInContext(file: string, { law, alpha }: LawOptions): Promise<ModelContext> {
  const model = await readUserModel(file);
  const cell = await cellOf(file);
  const known = cell ?? trainedAs(model);
  const own = known ? sourceOf(known) : standardSource(model);
  const chosen = law ?? own.law;
  const { kind = '', ...knobs } = known?.task ?? {};
  const task = known && taskOf(kind);
  return {
    model,
    source: {
      ...own,
      law: chosen === 'dirichlet-markov' && own.order === 0 ? 'dirichlet-iid' : chosen,
      alphaThousandths: alpha === undefined ? own.alphaThousandths : Math.round(1000 * alpha),
    },
    target:
      task && !cell?.fed ? tokens => targetOf(task, tokens, knobs as Record<string, number>) : undefined,
    cell,
    shortError: short => task?.shortError?.(knobs as Record<string, number>, short),
    task: model.training
      ? trainingText(model.training)
      : task && [kind, ...Object.entries(knobs).map(([knob, value]) => `${knob} = ${value}`)].join(', '),
  };
}

/** What decides a token law and a target, as far as the file alone says; undefined for a task or a law that this version does not have. */
function trainedAs({ config, training }: Model): Parameters<typeof sourceOf>[0] | undefined {
  const law = lawSchema.safeParse(training?.data.law);
  if (!training || !law.success || !TASKS.some(({ kind }) => kind === training.task.kind)) return undefined;
  return { task: training.task, data: { ...training.data, law: law.data }, model: config };
}

function standardSource({ config }: Model): TokenSource {
  const { vocabulary, locality } = config;
  const deep = !isOneLayer(config) && locality > 0 && vocabulary ** (locality + 1) <= MOST_URNS;
  return {
    law: deep ? 'dirichlet-markov' : 'dirichlet-iid',
    vocabulary,
    alphaThousandths: 1000,
    order: deep ? locality : 0,
    key: streamKey(0, STREAM.theory),
  };
}

/**
 * The cell that a model file of a run belongs to; undefined for any other file, and, with a note, where the manifest beside it does not
 * fit.
 */
async function cellOf(file: string): Promise<CellConfig | undefined> {
  const manifestFile = join(dirname(file), '..', 'manifest.json');
  if (!existsSync(manifestFile)) return undefined;
  const hash = basename(file, '.safetensors');
  try {
    const manifest = manifestSchema.parse(JSON.parse(await readUserFile(manifestFile, MANIFEST_BYTES)));
    const cell = recordedCells(manifest, manifestFile).find(other => other.hash === hash);
    if (!cell) throw new Error(`the grid of that run has no cell ${hash}`);
    return cell.config;
  } catch (error) {
    // The model still stands for itself.
    log(
      `note: ${manifestFile} does not say what ${basename(file)} was trained on (${whatIsWrong(error)}); its shape alone decides the token law.`,
    );
    return undefined;
  }
}
