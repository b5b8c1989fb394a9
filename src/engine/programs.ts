import adam from '../../shaders/adam.wgsl?raw';
import advance from '../../shaders/advance.wgsl?raw';
import attentionClassBackward from '../../shaders/attention_class_backward.wgsl?raw';
import attentionClassForward from '../../shaders/attention_class_forward.wgsl?raw';
import classHistogram from '../../shaders/class_histogram.wgsl?raw';
import classHistogramPrefix from '../../shaders/class_histogram_prefix.wgsl?raw';
import contract from '../../shaders/contract.wgsl?raw';
import featuresBackward from '../../shaders/features_backward.wgsl?raw';
import featuresForward from '../../shaders/features_forward.wgsl?raw';
import gradientNorm from '../../shaders/gradient_norm.wgsl?raw';
import loss from '../../shaders/loss.wgsl?raw';
import lossMean from '../../shaders/loss_mean.wgsl?raw';
import reduceRows from '../../shaders/reduce_rows.wgsl?raw';
import sample from '../../shaders/sample.wgsl?raw';
import target from '../../shaders/target.wgsl?raw';
import type { Law, Optimiser, Pack } from '../shared/protocol.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import { LAWS } from '../tasks/laws.ts';
import type { Task } from '../tasks/task.ts';
import { type Arena, rowWidths } from './arena.ts';
import type { Contraction } from './contraction.ts';
import { COMMON, type Constants, compile, f32, type Source, u32 } from './shader.ts';

/** Slots of the loss ring: the most steps that one submission may hold. */
export const RING = 256;

/** Positions that one thread of class_histogram_prefix.wgsl walks. */
export const BLOCK = 64;

const { activation, elementary, legend, quad, random, reduce, tokens } = COMMON;

/** A file of shaders/ with what it includes. */
function source(name: string, text: string, ...includes: Source[]): Source[] {
  return [legend, ...includes, { name: `${name}.wgsl`, text }];
}

/** Every kernel of the one-layer engine. A new kernel is a shader, and a row here. */
const KERNELS = {
  adam: source('adam', adam),
  advance: source('advance', advance),
  attentionClassBackward: source('attention_class_backward', attentionClassBackward),
  attentionClassForward: source('attention_class_forward', attentionClassForward),
  classHistogram: source('class_histogram', classHistogram, tokens),
  classHistogramPrefix: source('class_histogram_prefix', classHistogramPrefix, tokens),
  featuresBackward: source('features_backward', featuresBackward, elementary, activation, quad),
  featuresForward: source('features_forward', featuresForward, elementary, activation, quad),
  gradientNorm: source('gradient_norm', gradientNorm, reduce),
  loss: source('loss', loss),
  lossMean: source('loss_mean', lossMean, reduce),
  reduceRows: source('reduce_rows', reduceRows),
  sample: source('sample', sample, random),
  target: source('target', target, tokens, elementary),
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
}

function constantsOf({ model, arena, loss = 'mse', optimiser }: Specialisation): Constants {
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
    BLOCK: u32(BLOCK),
    RING: u32(RING),
    BETA1: f32(optimiser?.beta1 ?? 0),
    BETA2: f32(optimiser?.beta2 ?? 0),
    EPSILON: f32(optimiser?.epsilon ?? 1),
    CLIP: f32(optimiser?.clip ?? 0),
  };
}

/** Compiles a contraction for an arena (shaders/contract.wgsl). */
export function compileContraction(gpu: GPUDevice, arena: Arena, op: Contraction): Promise<GPUComputePipeline> {
  const constants = { STRIDE: u32(arena.stride), ...op.constants };
  return compile(gpu, `contract ${op.label}`, constants, [{ name: 'contract.wgsl', text: contract }]);
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
