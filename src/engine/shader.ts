import activation from '../../shaders/common/activation.wgsl?raw';
import chunkCommon from '../../shaders/common/chunk.wgsl?raw';
import elementary from '../../shaders/common/elementary.wgsl?raw';
import leftPlain from '../../shaders/common/left_plain.wgsl?raw';
import leftSubgroup from '../../shaders/common/left_subgroup.wgsl?raw';
import legend from '../../shaders/common/legend.wgsl?raw';
import norm from '../../shaders/common/norm.wgsl?raw';
import outer from '../../shaders/common/outer.wgsl?raw';
import owners from '../../shaders/common/owners.wgsl?raw';
import quadPlain from '../../shaders/common/quad_plain.wgsl?raw';
import quadSubgroup from '../../shaders/common/quad_subgroup.wgsl?raw';
import random from '../../shaders/common/random.wgsl?raw';
import records from '../../shaders/common/records.wgsl?raw';
import reduce from '../../shaders/common/reduce.wgsl?raw';
import rowsPlain from '../../shaders/common/rows_plain.wgsl?raw';
import rowsSubgroup from '../../shaders/common/rows_subgroup.wgsl?raw';
import tokens from '../../shaders/common/tokens.wgsl?raw';
import weight from '../../shaders/common/weight.wgsl?raw';
import { type Expanded, expand, type Template } from './expand.ts';
import { EngineFailure } from './failure.ts';

/** A piece of WGSL (`expand.ts`). */
export interface Source extends Template {
  /** Works only on adapters with subgroups. */
  subgroups?: boolean;
}

/** What `shaders/common/` offers to the other shaders. */
export const COMMON = {
  activation: { name: 'common/activation.wgsl', text: activation },
  elementary: { name: 'common/elementary.wgsl', text: elementary },
  legend: { name: 'common/legend.wgsl', text: legend },
  left: { name: 'common/left_plain.wgsl', text: leftPlain },
  quad: { name: 'common/quad_plain.wgsl', text: quadPlain },
  /** The twin of `quad` that never uses subgroups. */
  quadPlain: { name: 'common/quad_plain.wgsl', text: quadPlain },
  random: { name: 'common/random.wgsl', text: random },
  records: { name: 'common/records.wgsl', text: records },
  reduce: { name: 'common/reduce.wgsl', text: reduce },
  norm: { name: 'common/norm.wgsl', text: norm },
  owners: { name: 'common/owners.wgsl', text: owners },
  outer: { name: 'common/outer.wgsl', text: outer },
  rows: { name: 'common/rows_plain.wgsl', text: rowsPlain },
  tokens: { name: 'common/tokens.wgsl', text: tokens },
  weight: { name: 'common/weight.wgsl', text: weight },
  chunk: { name: 'common/chunk.wgsl', text: chunkCommon },
} satisfies Record<string, Source>;

/** What takes the place of the plain files where there are subgroups. */
const WITH_SUBGROUPS = new Map<Source, Source>([
  [COMMON.quad, { name: 'common/quad_subgroup.wgsl', text: quadSubgroup }],
  [COMMON.rows, { name: 'common/rows_subgroup.wgsl', text: rowsSubgroup }],
  [COMMON.left, { name: 'common/left_subgroup.wgsl', text: leftSubgroup }],
]);

/** Constants written in front of a shader. Booleans and numbers ending in a letter are given as they stand. */
export type Constants = Record<string, string>;

/** A u32 constant. */
export const u32 = (n: number) => `${n}u`;

/** An f32 constant. */
export const f32 = (n: number) => `f32(${Number.isInteger(n) ? n.toFixed(1) : n})`;

/** Names of the bindings of a shader by their number, in camel case; there may be gaps. */
function bindingsOf({ code }: Expanded): string[] {
  const names: string[] = [];
  for (const [, binding, name] of code.matchAll(/@binding\((\d+)\)\s*var<[^>]*>\s*(\w+)/g))
    names[Number(binding)] = name!.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return names;
}

/** Pipelines of a device by their code: packs and requests of one shape compile once. */
const compiled = new WeakMap<GPUDevice, Map<string, Promise<GPUComputePipeline>>>();

/**
 * Compiles a compute pipeline from constants and sources, entry point `main`.
 * @throws EngineFailure `shader` with file, line and column of the first error.
 */
export function compile(
  gpu: GPUDevice,
  label: string,
  constants: Constants,
  sources: Source[],
): Promise<GPUComputePipeline> {
  return compileBound(gpu, label, constants, sources).pipeline;
}

/** As `compile`, with the names of the bindings that are left of the sources. */
export function compileBound(
  gpu: GPUDevice,
  label: string,
  constants: Constants,
  sources: Source[],
): { pipeline: Promise<GPUComputePipeline>; bindings: string[] } {
  // Quads need subgroups; the plain twin does the same without.
  const quads = sources.some(source => WITH_SUBGROUPS.has(source)) && gpu.features.has('subgroups');
  // Control flow that is the same in all lanes of a quad is enough for quads; WGSL would want it of the whole subgroup.
  const subgroups =
    quads || sources.some(source => source.subgroups)
      ? ['enable subgroups;', 'diagnostic(off, subgroup_uniformity);']
      : [];
  const given = sources.map(source => (quads && WITH_SUBGROUPS.get(source)) || source);
  // Only what they mention, so that kernels alike but for constants that they do not use compile once.
  const mentioned = new Set(given.flatMap(({ text }) => text.match(/\b[A-Z][A-Z0-9_]*\b/g) ?? []));
  const header = Object.entries(constants)
    .filter(([name]) => mentioned.has(name))
    .map(([name, value]) => `const ${name} = ${value};`);
  const pieces = [{ name: 'constants', text: [...subgroups, ...header].join('\n') }, ...given];
  const shader = expand(pieces, constants);
  const known = compiled.get(gpu) ?? new Map<string, Promise<GPUComputePipeline>>();
  compiled.set(gpu, known);
  const pipeline = known.get(shader.code) ?? build(gpu, label, shader);
  known.set(shader.code, pipeline);
  return { pipeline, bindings: bindingsOf(shader) };
}

async function build(gpu: GPUDevice, label: string, { code, places }: Expanded): Promise<GPUComputePipeline> {
  gpu.pushErrorScope('validation');
  const module = gpu.createShaderModule({ label, code });
  const invalid = await gpu.popErrorScope();
  if (invalid) {
    const { messages } = await module.getCompilationInfo();
    const first = messages.find(message => message.type === 'error');
    const where = (first && places[first.lineNum - 1]) ?? label;
    throw new EngineFailure('shader', `${where}:${first?.linePos ?? 0} ${first?.message ?? invalid.message}`);
  }
  try {
    return await gpu.createComputePipelineAsync({
      label,
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
  } catch (error) {
    throw new EngineFailure('shader', `${label}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
