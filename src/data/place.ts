import { InputError } from '../shared/errors.ts';

/** Where in a file something stands: `file:line` of a text, `file: row n` of a table, both from 1. */
export type Place = (index: number) => string;

/** What reading a file gives, piece after piece: the number of the first value, and values as JSON has them. */
export interface Piece {
  /** Numbers of the values: lines or rows, from 1. */
  numbers: number[];
  values: unknown[];
}

/** What is wrong with a user's data, and where. */
export function dataProblem(where: string, what: string, fix?: string): InputError {
  return new InputError(
    `${where}: ${what}`,
    fix ?? 'What a line holds: docs/bring-your-own-data.md, "What a line holds".',
  );
}
