/*
 * Base64 by what the platform has: Node's Buffer, a newer browser's own methods, and where there is neither, characters. States of
 * large packs are tens of megabytes, which characters take seconds for.
 */

interface Native {
  toBase64?(): string;
}
interface NativeConstructor {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

/** Base64 of raw bytes. Works in a page and in Node. */
export function toBase64(data: ArrayBufferView): string {
  const { buffer, byteOffset, byteLength } = data;
  if (globalThis.Buffer) return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const native = (bytes as Native).toBase64?.();
  if (native !== undefined) return native;
  let binary = '';
  // In slices, so that large arrays do not overflow the call stack.
  for (let i = 0; i < bytes.length; i += 0x8000)
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary);
}

/** Raw bytes from base64. */
export function bytesFromBase64(text: string): Uint8Array<ArrayBuffer> {
  // Copied: a small Buffer is a part of a larger one, and its place there need not be aligned.
  if (globalThis.Buffer) return Uint8Array.from(Buffer.from(text, 'base64'));
  const native = (Uint8Array as NativeConstructor).fromBase64?.(text);
  if (native) return native;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Little-endian float32 values from base64. */
export function floatsFromBase64(text: string): Float32Array<ArrayBuffer> {
  return new Float32Array(bytesFromBase64(text).buffer);
}

/** Token sequences, a byte a token, as requests carry them. */
export function packTokens(sequences: readonly ArrayLike<number>[]): string[] {
  return sequences.map(tokens => toBase64(tokens instanceof Uint8Array ? tokens : Uint8Array.from(tokens)));
}
