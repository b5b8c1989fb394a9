import { messageOf } from './errors.ts';

/*
 * The safetensors format: 8 bytes little-endian header length, a JSON header, then the tensors' bytes without gaps
 * (github.com/huggingface/safetensors, "Format").
 */

/** The library itself refuses larger headers. */
const MAX_HEADER_BYTES = 100_000_000;

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
  const notSafetensors = 'Is it a safetensors file? See docs/model-file.md.';
  if (bytes.length < 8)
    throw fail(`truncated: ${bytes.length} bytes is too short for a safetensors file`, notSafetensors);
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || headerBytes < 2)
    throw fail(`header length ${headerBytes} is impossible`, notSafetensors);
  if (8 + headerBytes > bytes.length)
    throw fail(
      `truncated: the header needs ${headerBytes} bytes, ${bytes.length - 8} are there`,
      notSafetensors,
    );
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerBytes)));
  } catch (error) {
    throw fail(`the header is not JSON (${messageOf(error)})`, notSafetensors);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw fail('the header is not a JSON object', notSafetensors);
  return { header: header as Record<string, unknown>, dataStart: 8 + headerBytes };
}
