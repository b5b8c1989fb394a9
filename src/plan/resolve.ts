import type { FileTask } from '../config/file-task.ts';
import type { ExperimentFile } from '../config/schema.ts';
import type { Streams } from '../config/streams.ts';
import { isDeep } from '../model/paths.ts';
import { ruleOf } from '../model/rules/registry.ts';
import { InputError } from '../shared/errors.ts';
import type { Attention, ModelConfig } from '../shared/model-config.ts';
import type { Pack, PhiInit } from '../shared/protocol.ts';
import { type HostTask, tokensOf } from '../shared/task.ts';
import type { Law } from '../tasks/laws/law.ts';
import { type LawName, lawOf, OWN_LAW } from '../tasks/laws/registry.ts';
import { taskAndKnobs, taskWritten } from '../tasks/written.ts';

/** The scalars of a part of the file, once every axis has a value. */
type Scalars<T> = { [Key in keyof T]: Exclude<T[Key], readonly unknown[]> };
type ModelFile = ExperimentFile['model'];

/** Everything that decides a cell's results, defaults filled in. Its canonical hash names the cell. */
export interface CellConfig {
  task: { kind: string } & Record<string, number | string | string[]>;
  data: { law: LawName | typeof OWN_LAW; alpha: number };
  model: ModelConfig & { phiInit: PhiInit };
  train: Scalars<ExperimentFile['train']> & Pick<Pack, 'positions' | 'loss'>;
  test: { length: number[]; span?: number | undefined; sequences: number };
  seed: number;
  /** What a task whose sequences are made on the host is fed with. */
  fed?: HostTask;
  /** Digest of the WGSL that draws and labels; absent where the engine's hash covers it, as it did before packs carried their task. */
  source?: string;
  /** Absent where the seed alone keys the random streams, as it did before there was a choice: hashes of such cells are as they were. */
  streams?: 'cell';
}

/** The file's content once every axis has a value. */
interface Chosen extends Pick<CellConfig, 'task' | 'test' | 'seed'> {
  streams: Streams;
  data: Scalars<ExperimentFile['data']>;
  train: Scalars<ExperimentFile['train']>;
  model: Scalars<Omit<ModelFile, 'attention' | 'phiInit'>> &
    Pick<ModelFile, 'phiInit'> & { attention: ChosenAttention };
}
type ChosenAttention = ModelFile['attention'] extends infer Form
  ? Form extends unknown
    ? Scalars<Form>
    : never
  : never;

/**
 * A cell's full configuration: scalars of the file, with `chosen(path)` in place of each axis, and defaults from the task.
 * μP's attention scale 1/keyWidth is normalised to 1/√keyWidth at the base width.
 */
export function resolveCell(content: ExperimentFile, chosen: (path: string) => unknown): CellConfig {
  const pick = (node: unknown, path: string): unknown => {
    const value = chosen(path);
    if (value !== undefined || Array.isArray(node)) return value !== undefined ? value : node;
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(
      Object.entries(node).map(([key, child]) => [key, pick(child, path ? `${path}.${key}` : key)]),
    );
  };
  const { task: asked, data, model, train, test, seed, streams } = pick(content, '') as Chosen;
  const { task, fed } = asked.kind === 'file' ? ofFiles(asked as object as FileTask) : { task: asked };
  const { task: definition, knobs } = taskAndKnobs(task);
  const shape = definition.shape(knobs);
  const law = data.law ?? (definition.law ? OWN_LAW : shape.order > 0 ? 'dirichlet-markov' : 'dirichlet-iid');
  const longest = tokensOf(lawOf(law, definition.law), Math.max(train.length, ...test.length));
  const layers = model.layers ?? shape.layers;
  const keyWidth = model.keyWidth ?? model.width;
  const scale = model.attention.scale ?? Math.sqrt(train.baseWidth) / keyWidth;
  const attention = attentionOf(model.attention, scale, longest);
  // What a task asks of positions is for the rules that know them by residue and suffix.
  const { period, locality } = ruleOf(attention).limit ? shape : { period: 1, locality: 0 };
  return {
    task,
    data: { law, alpha: data.alpha },
    model: {
      layers,
      heads: model.heads,
      width: model.width,
      keyWidth,
      mlpWidth: model.mlpWidth ?? 4 * model.width,
      vocabulary: shape.vocabulary,
      period: model.period ?? period,
      locality: model.locality ?? locality,
      outputs: shape.outputs,
      activation: model.activation,
      norm: model.norm,
      // docs/theory.md §9: two layers train from φ around 0.5, and may not from 0.
      phiInit: model.phiInit ?? (isDeep({ layers }) ? [0, 1] : [0, 0]),
      attention,
    },
    train: {
      ...train,
      positions: train.positions ?? definition.positions ?? 'last',
      loss: train.loss ?? (definition.classes ? 'cross-entropy' : 'mse'),
    },
    test,
    seed,
    ...(fed ? { fed } : {}),
    ...(streams === 'cell' ? { streams } : {}),
  };
}

/** The law that a cell's sequences are drawn from. */
export function lawOfCell({ task, data }: Pick<CellConfig, 'task' | 'data'>): Law {
  return lawOf(data.law, taskWritten(task).law);
}

/** A task of files by what they hold, whatever their names are. @throws InputError when they were not read. */
function ofFiles({ found }: FileTask): Pick<CellConfig, 'task' | 'fed'> {
  if (!found)
    throw new InputError(
      'a task of files has cells once its files are read',
      'Load the experiment from its file (loadExperiment).',
    );
  const { trained, vocabulary, outputs, fed } = found;
  return { task: { kind: 'file', trained, vocabulary, outputs }, fed };
}

/** The attention that a cell's choices name. Values for other encodings than its own are left out; `longest` is its longest sequence. */
function attentionOf(chosen: ChosenAttention, scale: number, longest: number): Attention {
  if (chosen.rule === undefined) {
    const { precision, bits = null } = chosen;
    return precision === 'finite' ? { precision, bits, scale } : { precision, scale };
  }
  const { rule, encoding, logScale, ropeBase = 10_000, maxLength = longest } = chosen;
  return {
    rule,
    encoding,
    logScale,
    scale,
    ...(encoding === 'rope' ? { ropeBase } : {}),
    ...(encoding === 'absolute' ? { maxLength } : {}),
  };
}
