import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** First `digits` hexadecimal digits of the SHA-256 of a value's canonical JSON (RFC 8785): key order never matters. */
export function canonicalHash(value: unknown, digits: number): string {
  return createHash('sha256').update(canonicalize(value)!).digest('hex').slice(0, digits);
}
