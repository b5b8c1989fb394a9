import type { ExperimentFile } from '../config/schema.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import type { Law, Pack } from '../shared/protocol.ts';
import { taskOf } from '../tasks/registry.ts';

/** Everything that decides a cell's results, defaults filled in. Its canonical hash names the cell. */
export interface CellConfig {
  task: { kind: string } & Record<string, number | string>;
  data: { law: Law; alpha: number };
  model: Omit<ModelConfig, 'attention'> & {
    phiInit: [number, number];
    attention: { precision: 'infinite' | 'finite'; bits?: number | null; scale: number };
  };
  train: {
    length: number;
    lengthMode: Pack['lengthMode'];
    steps: number;
    batch: number;
    learningRate: number;
    schedule: 'cosine' | 'constant';
    warmup: number;
    clip: number | null;
    beta1: number;
    beta2: number;
    epsilon: number;
    baseWidth: number;
    loss: Pack['loss'];
  };
  test: { length: number[]; sequences: number };
  seed: number;
}

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
  const { task, data, model, train, test, seed } = pick(content, '') as Record<
    string,
    never
  > as unknown as Chosen;
  const { kind, ...knobs } = task;
  const definition = taskOf(kind);
  const shape = definition.shape(knobs as Record<string, number>);
  const layers = model.layers ?? shape.layers;
  const keyWidth = model.keyWidth ?? model.width;
  const { precision, bits, scale } = model.attention;
  return {
    task: task as CellConfig['task'],
    data: { law: data.law ?? (shape.order > 0 ? 'dirichlet-markov' : 'dirichlet-iid'), alpha: data.alpha },
    model: {
      layers,
      heads: model.heads,
      width: model.width,
      keyWidth,
      mlpWidth: model.mlpWidth ?? 4 * model.width,
      vocabulary: shape.vocabulary,
      period: model.period ?? shape.period,
      locality: model.locality ?? shape.locality,
      outputs: shape.outputs,
      activation: model.activation,
      // theory.md §9: two layers train from φ around 0.5, and may not from 0.
      phiInit: model.phiInit ?? (layers === 2 ? [0, 1] : [0, 0]),
      attention: {
        precision,
        // Written out, so that leaving the default away gives the same cell.
        ...(precision === 'finite' || bits !== undefined ? { bits: bits ?? null } : {}),
        scale: scale ?? Math.sqrt(train.baseWidth) / keyWidth,
      },
    },
    train,
    test,
    seed,
  };
}

/** The file's content once every axis has a value. */
interface Chosen {
  task: { kind: string } & Record<string, unknown>;
  data: { law?: Law; alpha: number };
  model: Partial<Pick<ModelConfig, 'layers' | 'keyWidth' | 'mlpWidth' | 'period' | 'locality'>> &
    Pick<ModelConfig, 'heads' | 'width' | 'activation'> & {
      phiInit?: [number, number];
      attention: { precision: 'infinite' | 'finite'; bits?: number | null; scale?: number };
    };
  train: CellConfig['train'];
  test: CellConfig['test'];
  seed: number;
}
