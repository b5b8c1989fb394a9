import { encodingOf } from '../../model/encodings/registry.ts';
import { ruleOf } from '../../model/rules/registry.ts';
import { type Dispatch, dispatchGroups } from '../dispatch.ts';
import { EngineFailure } from '../failure.ts';
import type { Memory } from '../memory.ts';
import { COMMON, type Constants, compileBound, f32, type Source, u32 } from '../shader.ts';
import type { AttentionShape } from './inputs.ts';

/** Text of every file of shaders/attention/ by its name. */
const FILES = import.meta.glob<string>(
  ['../../../shaders/attention/*.wgsl', '../../../shaders/attention/parts/*.wgsl'],
  { query: '?raw', import: 'default', eager: true },
);

function file(name: string): Source {
  const text = FILES[`../../../shaders/attention/${name}.wgsl`];
  if (text === undefined) throw new Error(`no shaders/attention/${name}.wgsl`);
  return { name: `attention/${name}.wgsl`, text };
}

/** Stand for what the shape and the device decide. */
const rule: Source = { name: 'rule', text: '' };
const bias: Source = { name: 'bias', text: '' };
const four: Source = { name: 'four', text: '' };

const unbiased = file('parts/unbiased');
const fourPlain = file('parts/four_plain');
const fourSubgroup: Source = { ...file('parts/four_subgroup'), subgroups: true };

const tensors = file('parts/tensors');
const sequences = file('parts/sequences');
const queries = file('parts/queries');
const scores = [rule, bias, file('parts/rule')];
const registers: Source = { ...file('parts/registers'), subgroups: true };
const rows = file('parts/rows');
const seeing = file('parts/seeing');

/** A file of shaders/attention/ with its parts. */
const kernel = (name: string, ...parts: Source[]): Source[] => [...parts, file(name)];

/** Every kernel of dense attention: a new one is a shader, and a row here. Bindings are read off the shader. */
const KERNELS = {
  forwardFused: kernel('forward_fused', tensors, sequences, queries, ...scores, registers),
  forwardFlash: kernel('forward_flash', tensors, sequences, queries, ...scores),
  forwardSplit: kernel('forward_split', tensors, sequences, ...scores),
  merge: kernel('merge', tensors),
  forwardAny: kernel('forward_any', tensors, sequences, queries, ...scores, four, rows),
  delta: kernel('delta', tensors),
  backwardQueryFused: kernel('backward_query_fused', tensors, sequences, queries, ...scores, registers),
  backwardKeyFused: kernel('backward_key_fused', tensors, sequences, ...scores, registers, seeing),
  backwardQueryAny: kernel('backward_query_any', tensors, sequences, queries, ...scores, four, rows),
  backwardKeyAny: kernel('backward_key_any', tensors, sequences, ...scores, four, seeing),
  parametersBackward: kernel('parameters_backward', COMMON.reduce),
  pack: kernel('pack'),
  rotateRows: kernel('rotate_rows', COMMON.legend, COMMON.elementary),
};

/** What the rule and the encoding of a shape make of the kernels. */
export interface Traits {
  /** φ at offsets 0 … τ. */
  suffix: boolean;
  logScale: boolean;
  /** Weights are rounded: known only against a row's highest score. */
  rounds: boolean;
  /** Floats that each query row and head leaves for the gradients of φ and log_scale (backward_query_fused.wgsl); 0: there are none. */
  slots: number;
}

export function traitsOf({ model }: AttentionShape): Traits {
  const rule = ruleOf(model.attention);
  const names = rule.tensors(model).map(({ name }) => name);
  const [suffix, logScale] = [names.includes('phi'), names.includes('log_scale')];
  const slots = (suffix ? model.locality + 2 : 0) + (logScale ? 1 : 0);
  return { suffix, logScale, rounds: rule.leastWeight(model.attention) > 0, slots };
}

function constantsOf(shape: AttentionShape): Constants {
  const { model, keyWidth, valueWidth } = shape;
  const { suffix, logScale, rounds, slots } = traitsOf(shape);
  return {
    H: u32(model.heads),
    DK4: u32(keyWidth / 4),
    DV4: u32(valueWidth / 4),
    DKM: u32(Math.ceil(keyWidth / 16)),
    DVM: u32(Math.ceil(valueWidth / 16)),
    TAU: u32(suffix ? model.locality : 0),
    SLOTS: u32(Math.max(1, slots)),
    SCALE: f32(model.attention.scale),
    BITS: `${'bits' in model.attention ? (model.attention.bits ?? 0) : 0}`,
    SUFFIX: String(suffix),
    LOG_SCALE: String(logScale),
    BIASED: String(encodingOf(model.attention).biasWgsl !== undefined),
    ROUNDS: String(rounds),
  };
}

/** What one dispatch has beyond its kernel's name and shape. */
interface How {
  /** By the names of the shader's bindings, in camel case; others may be given. */
  buffers: Record<string, GPUBuffer>;
  /** Workgroups. */
  groups: [x: number, y: number, z: number];
  /** Beyond those of the shape. */
  constants?: Record<string, number | boolean>;
}

/**
 * Compiles a kernel of dense attention for a shape and makes it a dispatch.
 * @throws EngineFailure `bad-request` when the adapter does not run so many workgroups.
 */
export async function run(
  memory: Memory,
  name: keyof typeof KERNELS,
  shape: AttentionShape,
  { buffers, groups, constants = {} }: How,
): Promise<Dispatch> {
  const { gpu, adapter } = memory.device;
  const { attention } = shape.model;
  const { biasWgsl, kind } = encodingOf(attention);
  const pieces = new Map([
    [rule, { name: `rule ${ruleOf(attention).kind}`, text: ruleOf(attention).wgsl }],
    [bias, biasWgsl === undefined ? unbiased : { name: `encoding ${kind}`, text: biasWgsl }],
    [four, adapter.features.includes('subgroups') ? fourSubgroup : fourPlain],
  ]);
  const sources = KERNELS[name].map(source => pieces.get(source) ?? source);
  const own = Object.entries(constants).map(([key, n]) => [key, typeof n === 'boolean' ? String(n) : u32(n)]);
  const all = { ...constantsOf(shape), ...Object.fromEntries(own) };
  const { pipeline, bindings } = compileBound(gpu, name, all, sources);
  const most = adapter.limits.maxComputeWorkgroupsPerDimension!;
  if (groups.some(count => count > most))
    throw new EngineFailure(
      'bad-request',
      `attention ${name} needs ${groups.join(' × ')} workgroups; this adapter runs at most ${most} a dimension: take fewer sequences at a time`,
    );
  const bound = bindings.map(binding => {
    const buffer = buffers[binding];
    if (!buffer) throw new Error(`${name}: no buffer for ${binding}`);
    return buffer;
  });
  return dispatchGroups(gpu, await pipeline, bound, ...groups);
}
