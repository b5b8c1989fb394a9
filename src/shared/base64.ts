/** Base64 of raw bytes, in slices so that large arrays do not overflow the call stack. Works in a page and in Node. */
export function toBase64(data: ArrayBufferView): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let binary = '';
  for (let i = 0; i < bytes.length; i += 0x8000)
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary);
}

/** Raw bytes from base64. */
export function bytesFromBase64(text: string): Uint8Array<ArrayBuffer> {
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
