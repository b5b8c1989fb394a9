import { bytesFromBase64 } from '../shared/base64.ts';
import type { EngineEvent, Request } from '../shared/protocol.ts';
import { arenaOf } from './arena.ts';
import type { Device } from './device.ts';
import { submit } from './dispatch.ts';
import { Memory } from './memory.ts';
import { forwardPass } from './network.ts';
import { allocateRows, rowBytes } from './rows.ts';
import { uploadSequences, uploadWeights } from './uploads.ts';

type ForwardRequest = Extract<Request, { op: 'forward' }>;
type Computed = Extract<EngineEvent, { event: 'computed' }>;

/** Bytes that the sequences of one batch may take: memory stays bounded whatever is asked for. */
const BATCH_BYTES = 64 * 2 ** 20;

/**
 * f(x) of each sequence through the class histogram (theory.md §2), in time linear in its length. All positions of a
 * sequence are its prefixes, each a sequence of its own: T times the work, for both kinds of model.
 */
export async function forward(device: Device, request: ForwardRequest): Promise<Computed> {
  const sequences = request.sequences.map(bytesFromBase64);
  const wanted = request.allPositions
    ? sequences.flatMap((all, of) => Array.from(all, (_, i) => ({ of, tokens: all.subarray(0, i + 1) })))
    : sequences.map((tokens, of) => ({ of, tokens }));
  const outputs: Computed['outputs'] = sequences.map(() => []);
  let deviceBytes = 0;
  let first = 0;
  while (first < wanted.length) {
    const batch = wanted.slice(first, first + batchSize(request, wanted, first));
    const { rows, bytes } = await lastPositions(
      device,
      request,
      batch.map(({ tokens }) => tokens),
    );
    deviceBytes = Math.max(deviceBytes, bytes);
    batch.forEach(({ of }, b) => {
      outputs[of]!.push(rows[b]!);
    });
    first += batch.length;
  }
  return { event: 'computed', adapter: device.adapter, outputs, deviceBytes };
}

/** How many sequences from `first` on fit into one batch: at least one. */
function batchSize({ model }: ForwardRequest, wanted: { tokens: Uint8Array }[], first: number): number {
  const perSequence = 4 * (arenaOf(model, 1).stride - arenaOf(model, 0).stride);
  let longest = 0;
  let count = 0;
  while (first + count < wanted.length) {
    longest = Math.max(longest, wanted[first + count]!.tokens.length);
    const bytes =
      (count + 1) * (perSequence + rowBytes(model, longest) + (model.layers === 2 ? 64 * longest : 0));
    if (count > 0 && bytes > BATCH_BYTES) break;
    count++;
  }
  return count;
}

async function lastPositions(
  device: Device,
  request: ForwardRequest,
  sequences: Uint8Array[],
): Promise<{ rows: (number | null)[][]; bytes: number }> {
  const memory = new Memory(device);
  try {
    const weights = uploadWeights(memory, request, sequences.length);
    const { model, arena } = weights;
    const longest = sequences.reduce((most, sequence) => Math.max(most, sequence.length), 0);
    const rows = allocateRows(memory, model, 1, { rows: sequences.length, longest });
    uploadSequences(device, rows, sequences);
    submit(device.gpu, await forwardPass(memory, weights, rows, { model, arena }));
    const values = new Float32Array(await memory.read(rows.outputs));
    const outputs = sequences.map((_, b) =>
      Array.from(values.subarray(b * model.outputs, (b + 1) * model.outputs), x =>
        Number.isFinite(x) ? x : null,
      ),
    );
    return { rows: outputs, bytes: memory.bytes };
  } finally {
    memory.destroy();
  }
}
