import { type Path, pathsOf } from '../model/paths.ts';
import {
  type DenseVariant,
  defaultVariant,
  defaultVariantAlone,
  shapeOf,
} from '../shared/attention-variants.ts';
import { bytesFromBase64 } from '../shared/base64.ts';
import type { EngineEvent, Positions, Request } from '../shared/protocol.ts';
import { allocateBatch } from './batch.ts';
import type { Device } from './device.ts';
import { submit } from './dispatch.ts';
import { everyPosition } from './draw.ts';
import { inOrder, Kernels } from './kernels.ts';
import { networkOf } from './layers/network.ts';
import { sequenceBytes } from './layers/sequence-bytes.ts';
import { Memory } from './memory.ts';
import { uploadSequences, uploadWeights } from './uploads.ts';

type ForwardRequest = Extract<Request, { op: 'forward' }>;
type Computed = Extract<EngineEvent, { event: 'computed' }>;

/** Bytes that the sequences of one batch may take: memory stays bounded whatever is asked for. */
const BATCH_BYTES = 64 * 2 ** 20;

/**
 * f(x) of each sequence, its last position or every prefix. `linear` goes through the class histogram (docs/theory.md §2): behind a
 * layer of one query each prefix is then a sequence of its own, T times the work. `dense` is attention at every position, O(T²).
 */
export async function forward(device: Device, request: ForwardRequest): Promise<Computed> {
  const { model, allPositions, kernel } = request;
  const sequences = request.sequences.map(bytesFromBase64);
  const byPrefix = allPositions && kernel === 'linear';
  const wanted = byPrefix
    ? sequences.flatMap((all, of) => Array.from(all, (_, i) => ({ of, tokens: all.subarray(0, i + 1) })))
    : sequences.map((tokens, of) => ({ of, tokens }));
  const reads: Positions = allPositions && !byPrefix ? 'every' : 'last';
  const paths = pathsOf(model, reads, kernel === 'dense' ? 'dense' : 'fastest');
  const outputs: Computed['outputs'] = sequences.map(() => []);
  const taken = new Set<DenseVariant>();
  let deviceBytes = 0;
  let first = 0;
  while (first < wanted.length) {
    const own = wanted.slice(first, first + batchSize(request, paths, reads, wanted, first));
    const tokens = own.map(sequence => sequence.tokens);
    const { rows, bytes } = await readOutputs(device, request, paths, reads, tokens, taken);
    deviceBytes = Math.max(deviceBytes, bytes);
    own.forEach(({ of }, b) => {
      outputs[of]!.push(...rows[b]!);
    });
    first += own.length;
  }
  return { event: 'computed', adapter: device.adapter, outputs, deviceBytes, variants: [...taken] };
}

/** How many sequences from `first` on fit into one batch: at least one. */
function batchSize(
  { model }: ForwardRequest,
  paths: Path[],
  reads: Positions,
  wanted: { tokens: Uint8Array }[],
  first: number,
): number {
  let longest = 0;
  let count = 0;
  while (first + count < wanted.length) {
    longest = Math.max(longest, wanted[first + count]!.tokens.length);
    const bytes = (count + 1) * sequenceBytes(model, paths, { reads, longest, whole: isWhole(paths) });
    if (count > 0 && bytes > BATCH_BYTES) break;
    count++;
  }
  return count;
}

/** Whether layers need every position in one chunk. */
const isWhole = (paths: Path[]) => paths.includes('dense');

/** Read-outs of every read of some sequences, by sequence. */
async function readOutputs(
  device: Device,
  request: ForwardRequest,
  paths: Path[],
  reads: Positions,
  sequences: Uint8Array[],
  taken: Set<DenseVariant>,
): Promise<{ rows: (number | null)[][][]; bytes: number }> {
  const memory = new Memory(device);
  try {
    const weights = uploadWeights(memory, request, paths, sequences.length);
    const { outputs: O } = weights.model;
    const longest = sequences.reduce((most, { length }) => Math.max(most, length), 0);
    const shape = { sequences: sequences.length, longest, reads, whole: isWhole(paths) };
    const batch = allocateBatch(memory, weights.model, 1, shape);
    uploadSequences(device, batch, sequences);
    const variants = variantsOf(device, request, paths, reads, sequences);
    for (const variant of Object.values(variants)) if (variant) taken.add(variant);
    const kernels = new Kernels(memory, weights, { variants });
    const network = await networkOf(kernels, batch, false);
    submit(device.gpu, await inOrder([everyPosition(kernels, batch), network.forward]));
    const values = new Float32Array(await memory.read(batch.outputs));
    const starts = new Uint32Array(await memory.read(batch.reads.starts));
    const rows = sequences.map(({ length }, b) =>
      Array.from({ length: reads === 'last' ? 1 : length }, (_, i) => {
        const at = (starts[b]! + i) * O;
        return Array.from(values.subarray(at, at + O), x => (Number.isFinite(x) ? x : null));
      }),
    );
    return { rows, bytes: memory.bytes };
  } finally {
    memory.destroy();
  }
}

/** The kernels of dense attention that the layers of a batch take: those asked for, else the defaults; one sequence may split its keys. */
function variantsOf(
  { adapter }: Device,
  { model, variants = {} }: ForwardRequest,
  paths: Path[],
  reads: Positions,
  sequences: Uint8Array[],
): { whole?: DenseVariant; last?: DenseVariant } {
  const dense = paths.filter(path => path === 'dense').length;
  const some = dense > 0 && reads !== 'every';
  const alone = sequences.length === 1;
  const shape = shapeOf(model, sequences[0]!.length, some ? 1 : undefined);
  return {
    ...(dense > (some ? 1 : 0) ? { whole: variants.whole ?? defaultVariant(shape, adapter) } : {}),
    ...(some
      ? { last: variants.last ?? (alone ? defaultVariantAlone : defaultVariant)(shape, adapter) }
      : {}),
  };
}
