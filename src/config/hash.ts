import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** First `digits` hexadecimal digits of the SHA-256 of a value's canonical JSON (RFC 8785): key order never matters. */
export function canonicalHash(value: unknown, digits: number): string {
  return digestOf(canonicalize(value)!, digits);
}

/**
 * `canonicalHash` of many objects that have most of their fields' values in common, and the same fields: each value is put into canonical
 * form once, so that a grid of 10^5 cells is hashed in a second. An object that was hashed must not change.
 */
export function canonicalHasher(digits: number): (value: object) => string {
  const byText = new Map<string, string>();
  const byObject = new Map<unknown, string>();
  const canonical = (field: object) => {
    const text = JSON.stringify(field);
    const known = byText.get(text) ?? canonicalize(field)!;
    byText.set(text, known);
    return known;
  };
  const textOf = (field: unknown) => {
    // Of what is no object, JSON as it is written is canonical.
    if (typeof field !== 'object' || field === null) return JSON.stringify(field);
    const known = byObject.get(field) ?? canonical(field);
    byObject.set(field, known);
    return known;
  };
  let names: string[] | undefined;
  return value => {
    // Names of fields are identifiers, whose canonical order is that of their letters.
    names ??= Object.keys(value).sort();
    const fields = names.map(name => `"${name}":${textOf(value[name as keyof typeof value])}`);
    return digestOf(`{${fields.join(',')}}`, digits);
  };
}

/** First `digits` hexadecimal digits of the SHA-256 of a text. */
export function digestOf(text: string, digits: number): string {
  return hash('sha256', text, 'hex').slice(0, digits);
}
