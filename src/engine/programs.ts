import activationBackward from '../../shaders/activation_backward.wgsl?raw';
import activationForward from '../../shaders/activation_forward.wgsl?raw';
import adam from '../../shaders/adam.wgsl?raw';
import advance from '../../shaders/advance.wgsl?raw';
import attentionClassBackward from '../../shaders/attention_class_backward.wgsl?raw';
import attentionClassForward from '../../shaders/attention_class_forward.wgsl?raw';
import classHistogram from '../../shaders/class_histogram.wgsl?raw';
import contract from '../../shaders/contract.wgsl?raw';
import embedPositions from '../../shaders/embed_positions.wgsl?raw';
import featuresBackward from '../../shaders/features_backward.wgsl?raw';
import featuresForward from '../../shaders/features_forward.wgsl?raw';
import gradientNorm from '../../shaders/gradient_norm.wgsl?raw';
import hiddenBackward from '../../shaders/hidden_backward.wgsl?raw';
import hiddenForward from '../../shaders/hidden_forward.wgsl?raw';
import loss from '../../shaders/loss.wgsl?raw';
import lossMean from '../../shaders/loss_mean.wgsl?raw';
import moveRows from '../../shaders/move_rows.wgsl?raw';
import queryBackward from '../../shaders/query_backward.wgsl?raw';
import queryLogits from '../../shaders/query_logits.wgsl?raw';
import queryPhiBackward from '../../shaders/query_phi_backward.wgsl?raw';
import queryRescale from '../../shaders/query_rescale.wgsl?raw';
import querySoftmax from '../../shaders/query_softmax.wgsl?raw';
import reduceRows from '../../shaders/reduce_rows.wgsl?raw';
import sample from '../../shaders/sample.wgsl?raw';
import sumPartials from '../../shaders/sum_partials.wgsl?raw';
import target from '../../shaders/target.wgsl?raw';
import windowCounts from '../../shaders/window_counts.wgsl?raw';
import windowHistogram from '../../shaders/window_histogram.wgsl?raw';
import windowRows from '../../shaders/window_rows.wgsl?raw';
import windowScan from '../../shaders/window_scan.wgsl?raw';
import type { ModelConfig } from '../shared/model-config.ts';
import type { Law, Optimiser, Pack } from '../shared/protocol.ts';
import { LAWS } from '../tasks/laws.ts';
import type { Task } from '../tasks/task.ts';
import type { Arena } from './arena.ts';
import type { Contraction } from './contraction.ts';
import { rowWidths } from './row-widths.ts';
import { COMMON, type Constants, compile, f32, type Source, u32 } from './shader.ts';
import { BLOCK } from './windows.ts';

/** Slots of the loss ring: the most steps that one submission may hold. */
export const RING = 256;

const { activation, elementary, left, legend, quad, random, reduce, reduction, tokens, weight, window } =
  COMMON;

/** A file of shaders/ with what it includes. */
function source(name: string, text: string, ...includes: Source[]): Source[] {
  return [legend, ...includes, { name: `${name}.wgsl`, text }];
}

/** Every kernel that is specialised by the model's shape. A new kernel is a shader, and a row here. */
const KERNELS = {
  adam: source('adam', adam),
  advance: source('advance', advance),
  attentionClassBackward: source('attention_class_backward', attentionClassBackward),
  attentionClassForward: source('attention_class_forward', attentionClassForward, weight),
  classHistogram: source('class_histogram', classHistogram, tokens),
  featuresBackward: source('features_backward', featuresBackward, elementary, activation, quad),
  featuresForward: source('features_forward', featuresForward, elementary, activation, quad),
  gradientNorm: source('gradient_norm', gradientNorm, reduce),
  loss: source('loss', loss),
  lossMean: source('loss_mean', lossMean, reduce),
  sample: source('sample', sample, random),
  target: source('target', target, tokens, elementary),
  hiddenBackward: source('hidden_backward', hiddenBackward, elementary, activation, quad, window),
  hiddenForward: source('hidden_forward', hiddenForward, elementary, activation, quad),
  queryRescale: source('query_rescale', queryRescale),
  queryBackward: source('query_backward', queryBackward, quad, window),
  queryLogits: source('query_logits', queryLogits, quad, window),
  queryPhiBackward: source('query_phi_backward', queryPhiBackward),
  querySoftmax: source('query_softmax', querySoftmax, reduce, weight),
  reduceRows: source('reduce_rows', reduceRows, reduction, left),
  sumPartials: source('sum_partials', sumPartials, reduction),
  windowCounts: source('window_counts', windowCounts, tokens),
  windowHistogram: source('window_histogram', windowHistogram, tokens, window),
  windowRows: source('window_rows', windowRows),
  windowScan: source('window_scan', windowScan),
};

export type KernelName = keyof typeof KERNELS;
export type Programs<K extends KernelName> = Record<K, GPUComputePipeline>;

/** What a kernel's constants are made from. Parts that a kernel does not use may be left out. */
export interface Specialisation {
  model: ModelConfig;
  arena: Arena;
  loss?: Pack['loss'];
  optimiser?: Optimiser;
  task?: Task;
  law?: Law;
  /** Order of the token chain (`tasks/laws.ts`). */
  order?: number;
  /** Threads of a workgroup in kernels that reduce; 64 unless given. */
  lanes?: number;
  /** Constants of one kernel that is compiled in several ways (query_softmax.wgsl, query_rescale.wgsl, reduce_rows.wgsl). */
  variant?: Record<string, number | boolean>;
}

function constantsOf({
  model,
  arena,
  loss = 'mse',
  optimiser,
  order = 0,
  lanes = 64,
  variant = {},
}: Specialisation): Constants {
  const widths = rowWidths(model);
  const { attention } = model;
  const finite = attention.precision === 'finite';
  return {
    S: u32(model.vocabulary),
    DELTA: u32(model.period),
    TAU: u32(model.locality),
    C: u32(widths.classes),
    H: u32(model.heads),
    M_PAD: u32(widths.mlpPad),
    O: u32(model.outputs),
    O_PAD: u32(widths.outputPad),
    F: u32(widths.features),
    X: u32(widths.mix),
    G: u32(widths.logitGradients),
    GELU: String(model.activation === 'gelu'),
    FINITE: String(finite),
    BITS: `${finite ? (attention.bits ?? 0) : 0}`,
    CROSS_ENTROPY: String(loss === 'cross-entropy'),
    STRIDE: u32(arena.stride),
    PARAMETERS: u32(arena.parameterFloats),
    AT_GRADIENTS: u32(arena.gradients),
    AT_MOMENT1: u32(arena.moment1),
    AT_MOMENT2: u32(arena.moment2),
    AT_PHI: u32(arena.parameter('layer.0.phi').offset),
    AT_LOGITS: u32(arena.tables.logits.offset),
    AT_FEATURES: u32(arena.tables.features.offset),
    AT_READOUT: u32(arena.tables.readout.offset),
    Z: u32(widths.state),
    MIX_STRIDE: u32(widths.mixStride),
    MIX_AT: u32(widths.mixAt),
    H_PAD: u32(widths.headPad),
    AT_PHI2: u32(model.layers === 2 ? arena.parameter('layer.1.phi').offset : 0),
    AT_ZQUERY: u32(arena.sequence?.zQuery.whole.offset ?? 0),
    AT_GRAD_ZMEAN: u32(arena.gradSequence?.zMean.whole.offset ?? 0),
    AT_GRAD_ZLAST: u32(arena.gradSequence?.last.whole.offset ?? 0),
    AT_DOT_MEAN: u32(arena.gradSequence?.dotMean.offset ?? 0),
    BLOCK: u32(BLOCK),
    ORDER: u32(order),
    LANES: u32(lanes),
    AT_ZMEAN: u32(arena.sequence?.zMean.whole.offset ?? 0),
    ...Object.fromEntries(
      Object.entries(variant).map(([name, n]) => [name, typeof n === 'boolean' ? String(n) : u32(n)]),
    ),
    RING: u32(RING),
    BETA1: f32(optimiser?.beta1 ?? 0),
    BETA2: f32(optimiser?.beta2 ?? 0),
    EPSILON: f32(optimiser?.epsilon ?? 1),
    CLIP: f32(optimiser?.clip ?? 0),
  };
}

/** Compiles a contraction for an arena (shaders/contract.wgsl). */
export function compileContraction(
  gpu: GPUDevice,
  arena: Arena,
  op: Contraction,
): Promise<GPUComputePipeline> {
  const constants = { STRIDE: u32(arena.stride), ...op.constants };
  return compile(gpu, `contract ${op.label}`, constants, [{ name: 'contract.wgsl', text: contract }]);
}

const ELEMENTWISE = {
  activationBackward: source('activation_backward', activationBackward, elementary, activation),
  activationForward: source('activation_forward', activationForward, elementary, activation),
  embedPositions: [{ name: 'embed_positions.wgsl', text: embedPositions }],
  moveRows: [{ name: 'move_rows.wgsl', text: moveRows }],
};

/** Compiles a kernel that runs over one stretch of every replica's block, specialised to where the stretch lies. */
export function compileElementwise(
  gpu: GPUDevice,
  arena: Arena,
  name: keyof typeof ELEMENTWISE,
  sizes: Record<string, number>,
  activationName: ModelConfig['activation'] = 'relu',
): Promise<GPUComputePipeline> {
  const constants = {
    STRIDE: u32(arena.stride),
    GELU: String(activationName === 'gelu'),
    ...Object.fromEntries(Object.entries(sizes).map(([key, n]) => [key, u32(n)])),
  };
  return compile(gpu, name, constants, ELEMENTWISE[name]);
}

/** Compiles the named kernels for a model, all at once. */
export async function compilePrograms<K extends KernelName>(
  gpu: GPUDevice,
  names: readonly K[],
  specialisation: Specialisation,
): Promise<Programs<K>> {
  const constants = constantsOf(specialisation);
  const appended: Partial<Record<KernelName, Source>> = {};
  const { task, law } = specialisation;
  if (law) appended.sample = { name: `law ${law}`, text: LAWS[law].wgsl };
  if (task) appended.target = { name: `task ${task.kind}`, text: task.wgsl };
  const compiled = await Promise.all(
    names.map(async name => {
      const extra = appended[name];
      const sources = extra ? [...KERNELS[name], extra] : KERNELS[name];
      return [name, await compile(gpu, name, constants, sources)] as const;
    }),
  );
  return Object.fromEntries(compiled) as Programs<K>;
}
