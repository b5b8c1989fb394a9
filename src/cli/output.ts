import { withoutPassword } from '../queue/address.ts';
import { LengthwiseError, messageOf } from '../shared/errors.ts';
import { withDocPlaces } from './doc-places.ts';

/** One line on stderr, where progress and logs go. No password of a URL gets there. */
export function log(line: string): void {
  process.stderr.write(`${withoutPassword(line)}\n`);
}

/** A result on stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One JSON document on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Says what went wrong and what to do, and returns the exit code. The stack is shown only on demand. */
export function report(error: unknown, debug: boolean): number {
  const known = error instanceof LengthwiseError;
  log(`error: ${known ? error.message : `lengthwise failed: ${messageOf(error)}`}`);
  if (known && error.fix) log(`       ${withDocPlaces(error.fix)}`);
  if (!known && !debug) log('       This is a defect. Run again with --debug for the stack trace.');
  if (debug && error instanceof Error) log(error.stack ?? '');
  return known ? error.exitCode : 1;
}
