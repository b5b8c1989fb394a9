import { messageOf } from './errors.ts';

/*
 * The safetensors format: 8 bytes little-endian header length, a JSON header, then the tensors' bytes without gaps
 * (github.com/huggingface/safetensors, "Format").
 */

/** The library itself refuses larger headers. */
const MAX_HEADER_BYTES = 100_000_000;

const MODEL_FILE =
  'Give a safetensors file; docs/model-file.md says what is in one, and how PyTorch writes it.';

/** How other files begin. */
const LOOKS: [start: string, what: string][] = [
  ['PK', ', but a zip archive, such as PyTorch saves'],
  ['{', ', but JSON'],
  ['GGUF', ', but GGUF'],
  ['\x89HDF', ', but HDF5'],
];

/** What bytes that are no safetensors look like, in words. */
function lookOf(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  return LOOKS.find(([begin]) => start.startsWith(begin))?.[1] ?? '';
}

/** The bytes of a file of float32 tensors, in the order given, header padded to 8 bytes. */
export function encodeTensors(
  tensors: readonly { name: string; shape: number[]; data: Float32Array }[],
  metadata: Record<string, string>,
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes);
  file.set(json, 8);
  let at = 8 + headerBytes;
  for (const { data } of tensors) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/** Makes the error that says what is wrong with a file, and what to do. */
export type Fail = (what: string, fix?: string) => Error;

/**
 * The header of a file, and where its data starts.
 * @throws what `fail` makes when the bytes are no such file.
 */
export function readHeader(
  bytes: Uint8Array,
  fail: Fail,
): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8)
    throw fail(`truncated: ${bytes.length} bytes is too short for a safetensors file`, MODEL_FILE);
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || headerBytes < 2)
    throw fail(`not a safetensors file${lookOf(bytes)}`, MODEL_FILE);
  if (8 + headerBytes > bytes.length)
    throw fail(`truncated: the header needs ${headerBytes} bytes, ${bytes.length - 8} are there`, MODEL_FILE);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerBytes)));
  } catch (error) {
    throw fail(`the header is not JSON (${messageOf(error)})`, MODEL_FILE);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw fail('the header is not a JSON object', MODEL_FILE);
  return { header: header as Record<string, unknown>, dataStart: 8 + headerBytes };
}
