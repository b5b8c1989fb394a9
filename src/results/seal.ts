import { crc32 } from 'node:zlib';

/*
 * A sealed line is a JSON object whose last field is the CRC-32 of the object without it:
 * {"cell":"6e5cde55995c","crc":"0a1b2c3d"} is {"cell":"6e5cde55995c"} and its checksum.
 */

const SEAL = /^,"crc":"([0-9a-f]{8})"\}$/;
/** Bytes of `,"crc":"0a1b2c3d"}`. */
const SEAL_BYTES = 18;
const END = '}';

/** A value as a sealed line, its newline included. Its last field must not be called `crc`. */
export function sealed(value: object): string {
  const text = JSON.stringify(value);
  return `${text.slice(0, -1)},"crc":"${hex(crc32(text))}"}\n`;
}

/** The checksum of a line without its newline: its seal's, or its own where it has none (older versions). Null: the seal is broken. */
export function checksumOf(line: Buffer): string | null {
  const [, seal] = SEAL.exec(line.toString('latin1', line.length - SEAL_BYTES)) ?? [];
  if (seal === undefined) return hex(crc32(line));
  return hex(crc32(END, crc32(line.subarray(0, -SEAL_BYTES)))) === seal ? seal : null;
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0');
}
