import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, Option } from 'commander';
import { type Shard, shardSchema } from '../plan/shard.ts';
import { withoutPassword } from '../queue/address.ts';
import { RUNTIMES, type Runtime } from '../runtime/conversation.ts';
import { type AdapterPreference, adapterPreferenceSchema } from '../shared/protocol.ts';

/** Options of every verb that uses a GPU. */
export interface MachineOptions {
  runtime: Runtime | 'auto';
  adapter: AdapterPreference;
  port: number;
  /** Address that the page of `--runtime tab` is served at. */
  host?: string;
  /** Seconds after which an engine that does nothing is killed, for verbs that let the user choose. */
  stall?: number;
}

/** `--runtime`, `--adapter`, `--port`. */
export const machineOptions = (runtimes: readonly string[] = [...RUNTIMES, 'auto']) => [
  new Option(
    '--runtime <name>',
    'where WebGPU comes from: headless Chrome, a Node process, or the fastest that is right',
  )
    .choices(runtimes)
    .default('chrome'),
  new Option('--adapter <kind>', 'which adapter to use')
    .choices(adapterPreferenceSchema.options)
    .default('auto'),
  new Option('--port <number>', 'port of the page that the browser loads; 0: a free one')
    .argParser(port)
    .default(0),
];

/** Those, and `--runtime tab` with its `--host`. */
export const lentMachineOptions = () => [
  ...machineOptions([...RUNTIMES, 'auto', 'tab']),
  new Option(
    '--host <address>',
    'where the page of --runtime tab is served, for other machines; loopback unless given',
  ),
];

/** Parses a whole number in a range for commander. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** Parses a comma-separated list of whole numbers for commander. */
export function wholeNumbers(least: number, most: number): (text: string) => number[] {
  const one = wholeNumber(least, most);
  return text => text.split(',').map(part => one(part.trim()));
}

/** Parses a shard, `3/8`, for commander. */
export function shard(text: string): Shard {
  const parsed = shardSchema.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError(`${parsed.error.issues[0]!.message}.`);
  return parsed.data;
}

/** Parses a positive number for commander. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}

/** Parses a probability between 0 and 1, both excluded, for commander. */
export function probability(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < 1))
    throw new InvalidArgumentError('Expected a number between 0 and 1.');
  return value;
}

/** Largest Dirichlet parameter: far beyond it laws are uniform, and the urn that draws tokens would overflow. */
const MOST_ALPHA = 1000;

/** Parses a Dirichlet parameter, which the samplers count in thousandths, for commander. */
export function dirichletParameter(text: string): number {
  const alpha = positiveNumber(text);
  if (alpha > MOST_ALPHA || Math.abs(1000 * alpha - Math.round(1000 * alpha)) > 1e-9)
    throw new InvalidArgumentError(`Expected at most ${MOST_ALPHA}, with at most three decimals.`);
  return alpha;
}

const port = wholeNumber(0, 65535);

/** The folder that the build wrote: this program lies in its `cli`. */
export function builtFolder(): string {
  return join(dirname(fileURLToPath(import.meta.url)), '..');
}

/** The command line as it was typed, for the record. */
export function typedCommand(): string {
  return withoutPassword(`lengthwise ${process.argv.slice(2).join(' ')}`);
}

/** The version of lengthwise, from package.json at build time. */
export { version } from '../../package.json';

/** An action whose module is read when it is called: no verb waits for what only another one needs. */
export function later<Arguments extends unknown[]>(
  load: () => Promise<(...given: Arguments) => Promise<void>>,
): (...given: Arguments) => Promise<void> {
  return async (...given) => (await load())(...given);
}
