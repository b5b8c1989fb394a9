import { encodingOf } from '../model/encodings/registry.ts';
import { ruleOf } from '../model/rules/registry.ts';
import type { DenseVariant } from '../shared/attention-variants.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import type { Optimiser, Pack } from '../shared/protocol.ts';
import type { DeviceTask } from '../shared/task.ts';
import type { Arena } from './arena.ts';
import type { Contraction } from './contraction.ts';
import { type Dispatch, dispatchGroups, WORKGROUP } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { rowWidths } from './row-widths.ts';
import { COMMON, type Constants, compile, compileBound, f32, type Source, u32 } from './shader.ts';
import type { Weights } from './weights.ts';

/** Positions that one thread of chunk_counts.wgsl and chunk_histogram.wgsl walks. */
export const BLOCK = 64;

/** Slots of the loss ring: the most steps that one submission may hold. */
export const RING = 256;

const {
  activation,
  chunk,
  elementary,
  left,
  legend,
  norm,
  outer,
  owners,
  quad,
  random,
  records,
  reduce,
  tokens,
  weight,
} = COMMON;
/** Stands for the functions of the model's attention rule (model/rules/). */
const rule: Source = { name: 'rule', text: '' };
/** Stands for the token law and the task that the pack carries. */
const law: Source = { name: 'law', text: '' };
const task: Source = { name: 'task', text: '' };

/** Text of every file of shaders/ by its name. */
const FILES = import.meta.glob<string>(['../../shaders/*.wgsl', '../../shaders/common/*.wgsl'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

function file(name: string): Source {
  const text = FILES[`../../shaders/${name}.wgsl`];
  if (text === undefined) throw new Error(`no shaders/${name}.wgsl`);
  return { name: `${name}.wgsl`, text };
}

/** What linear_rows.wgsl does with a sum before it is stored. */
const FINISH = {
  accumulate: file('common/finish_accumulate'),
  add: file('common/finish_add'),
  plain: file('common/finish_plain'),
  slope: file('common/finish_slope'),
};
/** Who reads the state rows as hidden_forward.wgsl makes them. */
const READ = { nothing: file('common/read_nothing'), query: file('common/read_query') };
/** Where hidden_backward.wgsl finds the gradient of a state row. */
const STATE = { query: file('common/state_query'), rows: file('common/state_rows') };

/** A file of shaders/ with what it includes, in order. */
function kernel(name: string, ...includes: Source[]): Source[] {
  return [legend, ...includes, file(name)];
}

/** Every kernel that is specialised by the model's shape: a new one is a shader, and a row here. Bindings are read off the shader. */
const KERNELS = {
  adam: kernel('adam'),
  advance: kernel('advance'),
  attentionClassBackward: kernel('attention_class_backward', rule),
  attentionClassForward: kernel('attention_class_forward', rule, weight),
  chunkCounts: kernel('chunk_counts', tokens),
  chunkHistogram: kernel('chunk_histogram', tokens, owners),
  chunkOwners: kernel('chunk_owners', owners),
  chunkRows: kernel('chunk_rows'),
  chunkScan: kernel('chunk_scan'),
  classHistogram: kernel('class_histogram', tokens),
  correct: kernel('correct'),
  embedBackward: kernel('embed_backward', tokens),
  embedForward: kernel('embed_forward', tokens, owners),
  featuresBackward: kernel('features_backward', elementary, activation, quad),
  featuresGradient: kernel('features_gradient', elementary, activation, outer, left),
  featuresForward: kernel('features_forward', elementary, activation, quad),
  featuresJacobian: kernel('features_jacobian', elementary, activation, quad),
  gatherRows: kernel('gather_rows', owners),
  gradientNorm: kernel('gradient_norm', reduce),
  hiddenBackward: kernel('hidden_backward', elementary, activation, quad, owners, chunk, STATE.query),
  hiddenRowsBackward: kernel('hidden_backward', elementary, activation, quad, owners, chunk, STATE.rows),
  hiddenForward: kernel('hidden_forward', elementary, activation, quad, READ.nothing),
  hiddenQueryForward: kernel('hidden_forward', rule, elementary, activation, quad, owners, READ.query),
  linearAccumulate: kernel('linear_rows', elementary, activation, quad, FINISH.accumulate),
  linearAdd: kernel('linear_rows', elementary, activation, quad, FINISH.add),
  linearPlain: kernel('linear_rows', elementary, activation, quad, FINISH.plain),
  linearSlope: kernel('linear_rows', elementary, activation, quad, FINISH.slope),
  loss: kernel('loss'),
  lossMean: kernel('loss_mean', reduce),
  normBackward: kernel('norm_backward', norm),
  normForward: kernel('norm_forward', norm),
  outerRows: kernel('outer_rows', elementary, activation, outer, left),
  positionBackward: kernel('position_backward'),
  queryBackward: kernel('query_backward', rule, quad, owners, chunk),
  queryPhiBackward: kernel('query_phi_backward', rule),
  queryRescale: kernel('query_rescale'),
  querySoftmax: kernel('query_softmax', reduce, rule, weight),
  resizeRows: kernel('resize_rows'),
  sample: kernel('sample', random, tokens, law),
  readStarts: kernel('read_starts'),
  drawReads: kernel('draw_reads', random, owners),
  drawOffsets: kernel('draw_offsets', random),
  jacobianBackward: kernel('jacobian_backward'),
  labelCount: kernel('label_count', reduce),
  scatterRows: kernel('scatter_rows', owners),
  sumHeads: kernel('sum_heads'),
  sumPartials: kernel('sum_partials', outer),
  target: kernel('target', tokens, elementary, task),
  activationBackward: kernel('activation_backward', elementary, activation),
  activationForward: kernel('activation_forward', elementary, activation),
  moveRows: kernel('move_rows'),
  unpackSequences: kernel('unpack_sequences', records),
  unpackStarts: kernel('unpack_starts', records),
  unpackTargets: kernel('unpack_targets', records, owners),
};

export type KernelName = keyof typeof KERNELS;

/** What a pack adds to a model's constants. Parts that a kernel does not use may be left out. */
export interface Specialisation {
  loss?: Pack['loss'];
  optimiser?: Optimiser;
  task?: DeviceTask;
  /** Kernels of dense attention to take instead of the default, for layers of which every row is wanted and for others. */
  variants?: { whole?: DenseVariant | undefined; last?: DenseVariant | undefined };
}

function constantsOf(
  model: ModelConfig,
  arena: Arena,
  { loss = 'mse', optimiser, task }: Specialisation,
): Constants {
  const widths = rowWidths(model);
  const { attention } = model;
  const encoding = encodingOf(attention);
  return {
    S: u32(model.vocabulary),
    DELTA: u32(model.period),
    TAU: u32(model.locality),
    C: u32(widths.classes),
    H: u32(model.heads),
    D: u32(model.width),
    D4: u32(widths.width / 4),
    DK: u32(model.keyWidth),
    M_PAD: u32(widths.mlpPad),
    O: u32(model.outputs),
    O_PAD: u32(widths.outputPad),
    F: u32(widths.features),
    X: u32(widths.mix),
    G: u32(widths.logitGradients),
    Z: u32(widths.state),
    MIX_STRIDE: u32(widths.mixStride),
    MIX_AT: u32(widths.mixAt),
    H_PAD: u32(widths.headPad),
    POSITION_ROWS: u32(Math.max(1, encoding.positionRows(model))),
    POSITION_SHIFT: u32(encoding.positionShift(model)),
    HAS_POSITIONS: String(encoding.positionRows(model) > 0),
    GELU: String(model.activation === 'gelu'),
    BITS: `${'bits' in attention ? (attention.bits ?? 0) : 0}`,
    CROSS_ENTROPY: String(loss === 'cross-entropy'),
    BLOCK: u32(BLOCK),
    ORDER: u32(task?.law.order ?? 0),
    LANES: u32(64),
    RING: u32(RING),
    BETA1: f32(optimiser?.beta1 ?? 0),
    BETA2: f32(optimiser?.beta2 ?? 0),
    EPSILON: f32(optimiser?.epsilon ?? 1),
    CLIP: f32(optimiser?.clip ?? 0),
    ...arenaConstants(arena),
  };
}

/** Where things lie in a replica's block. */
function arenaConstants({ stride, parameterFloats, gradients, moment1, moment2, places }: Arena): Constants {
  const at = { STRIDE: stride, PARAMETERS: parameterFloats, AT_GRADIENTS: gradients };
  const moments = { AT_MOMENT1: moment1, AT_MOMENT2: moment2 };
  return Object.fromEntries(
    Object.entries({ ...at, ...moments, ...places }).map(([name, n]) => [name, u32(n)]),
  );
}

/** How many threads of 64 a workgroup, or how many workgroups, run for each of `replicas` (all of the weights' unless given). */
export type Size = ({ threads: number } | { groups: number }) & { replicas?: number; z?: number };

/** Compiles kernels for the weights of one shape and makes them dispatches. */
export class Kernels {
  readonly memory: Memory;
  readonly weights: Weights;
  readonly how: Specialisation;
  private readonly constants: Constants;
  private readonly pieces: Map<Source, Source>;

  constructor(memory: Memory, weights: Weights, how: Specialisation = {}) {
    const { model, arena } = weights;
    this.memory = memory;
    this.weights = weights;
    this.how = how;
    this.constants = constantsOf(model, arena, how);
    this.pieces = new Map([
      [rule, { name: `rule ${ruleOf(model.attention).kind}`, text: ruleOf(model.attention).wgsl }],
    ]);
    if (how.task) {
      this.pieces.set(law, { name: `law ${how.task.law.name}`, text: how.task.law.wgsl });
      this.pieces.set(task, { name: `task ${how.task.name}`, text: how.task.wgsl });
    }
  }

  /**
   * One dispatch of a kernel. `buffers` by the names of the shader's bindings, in camel case; `constants` beyond those of the model.
   * @throws Error when a binding has no buffer, or a buffer no binding.
   */
  async run(
    name: KernelName,
    buffers: Record<string, GPUBuffer>,
    size: Size,
    constants: Record<string, number | boolean> = {},
  ): Promise<Dispatch> {
    const { gpu } = this.memory.device;
    const sources = KERNELS[name].map(source => this.pieces.get(source) ?? source);
    const own = Object.entries(constants).map(([key, n]) => [
      key,
      typeof n === 'boolean' ? String(n) : u32(n),
    ]);
    const all = { ...this.constants, ...Object.fromEntries(own) };
    const { pipeline, bindings } = compileBound(gpu, name, all, sources);
    const missing = bindings.filter(binding => !buffers[binding]);
    const unknown = Object.keys(buffers).filter(buffer => !bindings.includes(buffer));
    if (missing.length + unknown.length > 0)
      throw new Error(`${name}: no buffer for [${missing}], no binding for [${unknown}]`);
    const groups = 'groups' in size ? size.groups : Math.ceil(size.threads / WORKGROUP);
    const { replicas = this.weights.replicas, z = 1 } = size;
    return dispatchGroups(
      gpu,
      await pipeline,
      bindings.map(binding => buffers[binding]!),
      groups,
      replicas,
      z,
    );
  }

  /** Contractions over all replicas, in order. */
  contract(ops: Contraction[]): Promise<Dispatch[]> {
    const { memory, weights } = this;
    return Promise.all(
      ops.map(async ({ label, constants, places, threads }) => {
        const sources = [COMMON.rows, file('contract')];
        const all = { STRIDE: u32(weights.arena.stride), ...constants };
        const pipeline = await compile(memory.device.gpu, `contract ${label}`, all, sources);
        const groups = Math.ceil(threads / WORKGROUP);
        const at = memory.uniform('places', Uint32Array.from(places));
        return dispatchGroups(memory.device.gpu, pipeline, [at, weights.buffer], groups, weights.replicas);
      }),
    );
  }
}
