import { encodingOf } from '../model/encodings/registry.ts';
import { classTables } from '../model/first-layer.ts';
import { linearTimeForward } from '../reference/linear-time.ts';
import { DeviceEvaluator } from '../runtime/evaluate.ts';
import { adapterName } from '../shared/adapter.ts';
import { InputError } from '../shared/errors.ts';
import { STREAM, streamKey } from '../shared/random.ts';
import { attack, isCertified } from '../simulation/attack.ts';
import { shortestLength } from '../simulation/deterministic.ts';
import {
  type Evaluate,
  leastLength,
  type Method,
  simulate as measure,
  standardMethod,
} from '../simulation/simulate.ts';
import type { LawName } from '../tasks/laws/registry.ts';
import { drawTokens, longestSequence } from '../tasks/laws/registry.ts';
import { certificateOf } from '../theory/certificate.ts';
import { whyUndefined } from '../theory/defined.ts';
import { withEngine } from './machine.ts';
import { type ModelContext, modelInContext } from './model-context.ts';
import type { MachineOptions } from './options.ts';
import { log, print, printJson } from './output.ts';
import { attackText, simulationText } from './simulate-text.ts';
import { RESTARTS, TRIES, worstCases } from './worst-case.ts';

export interface SimulateOptions extends MachineOptions {
  /** A run, or a folder of runs, instead of a model: only with `adversary`. */
  results?: string;
  method?: Method;
  lengths?: number[];
  testLength: number;
  samples: number;
  draws: number;
  rounds: number;
  seed: number;
  adversary: boolean;
  law?: LawName;
  alpha?: number;
  json: boolean;
}

/** Short lengths when none are given: powers of two up to a quarter of the test length, at most this many. */
const MOST_LENGTHS = 8;
/** `lengthwise simulate`: short strings that stand in for long ones, and how well; or a search for strings that break it. */
export async function simulate(file: string | undefined, options: SimulateOptions): Promise<void> {
  const { results } = options;
  if ((file === undefined) === (results === undefined))
    throw new InputError(
      'simulate takes a model file, or --results <folder> --adversary',
      '`lengthwise simulate --help` has examples.',
    );
  if (results !== undefined && !options.adversary)
    throw new InputError('--results: only --adversary looks at all models of a folder', 'Add --adversary.');
  if (file === undefined) await worstCases(results!, options);
  else await simulateModel(file, options);
}

async function simulateModel(file: string, options: SimulateOptions): Promise<void> {
  const context = await modelInContext(file, options);
  checkTestLength(context, options.testLength);
  checkDefined(file, context, options);
  const work = options.adversary ? adversary(file, context, options) : measurement(context, options);
  const { adapter } = options;
  await withEngine(options, 'simulate', log, async session => {
    const device = new DeviceEvaluator(session, adapter, context.model);
    const { json, text } = await work(sequences => device.evaluate(sequences));
    const name = adapterName(device.adapter!);
    if (options.json) printJson({ ...json, runtime: session.runtime, adapter: name });
    else print(`${text}\non ${name}`);
  });
}

/** What a run of the verb prints, once it has a device. Input is checked before. */
type Work = (evaluate: Evaluate) => Promise<{ json: object; text: string }>;

function measurement(context: ModelContext, options: SimulateOptions): Work {
  const { model, source, target } = context;
  const { config } = model;
  const { samples, draws, rounds, seed, testLength } = options;
  const method = options.method ?? standardMethod(config);
  const lengths = lengthsOf(context, method, options);
  const key = streamKey(seed, STREAM.simulation);
  const longs = () =>
    Array.from({ length: samples }, (_, i) =>
      drawTokens({ ...source, key }, i, testLength + (i % config.period)),
    );
  return async evaluate => {
    const result = await measure(evaluate, config, longs(), {
      method,
      lengths,
      draws,
      rounds,
      seed,
      floor: largest => FLOAT32_SHARE * largest,
      onProgress: (length, done, total) => log(`  n = ${length} (${done + 1} of ${total})`),
      ...(target ? { target } : {}),
    });
    const { points, fit = null, discrepancyFit = null } = result;
    return {
      json: { method, testLength, points, fit, discrepancyFit },
      text: simulationText(context, method, testLength, result),
    };
  };
}

/** Errors below this share of the largest read-out are float32's own. */
const FLOAT32_SHARE = 1e-6;

function adversary(file: string, { model, source, target }: ModelContext, options: SimulateOptions): Work {
  const { config } = model;
  const undefinedFor = whyUndefined('certificate', config);
  const certificate = undefinedFor === undefined ? certificateOf(model, classTables(model)) : undefined;
  const { testLength, rounds, seed } = options;
  const least = shortestLength(config);
  if (certificate) checkLengths(options.lengths ?? [least], least, testLength, 'deterministic');
  const testLengths = [64, 256, 1024].filter(T => T < testLength && T > least);
  const lengths = options.lengths ?? [...new Set([least, 4 * least, 16 * least])];
  const available = certificate && lengths.some(n => isCertified(certificate.errorAt, n, config));
  const why = certificate
    ? `${certificate.note}; n = ${lengths.join(', ')}`
    : `it is open for ${undefinedFor}`;
  if (!available && !target)
    throw new InputError(
      `--adversary: ${file} has neither a certificate to break (${why}) nor a known target`,
      "Use a one-layer model of infinite precision, or a model in a run's folder.",
    );
  return async evaluate => {
    const found = await attack(evaluate, config, {
      certified: available ? certificate.errorAt : undefined,
      exact: tokens => linearTimeForward(model, tokens),
      target,
      source,
      testLengths: [...testLengths, testLength],
      lengths,
      restarts: RESTARTS,
      rounds,
      tries: TRIES,
      seed,
      onProgress: line => log(`  ${line}`),
    });
    const none = available ? [] : [`No certificate to break: ${why}.`];
    return { json: { adversary: found }, text: [...none, attackText(found)].join('\n') };
  };
}

/** Short strings are for the models that a theorem is about; the search for bad strings is for any model with a target. */
function checkDefined(file: string, { model }: ModelContext, { adversary }: SimulateOptions): void {
  const why = adversary ? undefined : whyUndefined('simulation', model.config);
  if (why === undefined) return;
  throw new InputError(
    `${file}: short strings that stand in for long ones are not defined for ${why}`,
    "They are for limit rules with one or two layers and no norm; --adversary takes any model in a run's folder.",
  );
}

function checkTestLength({ model, source }: ModelContext, testLength: number): void {
  const { period, locality, vocabulary } = model.config;
  if (testLength < period + locality)
    throw new InputError(
      `--test-length: ${testLength} is below Δ + τ = ${period + locality}`,
      'A long string must hold the τ-suffix and every residue.',
    );
  const drawable = longestSequence(vocabulary, source.alphaThousandths) - period;
  const longest = Math.min(drawable, encodingOf(model.config.attention).longest(model.config));
  if (testLength > longest)
    throw new InputError(`--test-length: ${testLength} is longer than a sequence can be (${longest})`);
}

/** Short lengths in order. Throws `InputError` when one is impossible. */
function lengthsOf({ model }: ModelContext, method: Method, options: SimulateOptions): number[] {
  const least = leastLength(method, model.config);
  const { testLength } = options;
  const powers = Array.from({ length: 30 }, (_, k) => 8 * 2 ** k).filter(
    n => n >= least && n <= testLength / 4,
  );
  const lengths = [...new Set(options.lengths ?? powers.slice(0, MOST_LENGTHS))].sort((a, b) => a - b);
  if (lengths.length === 0)
    throw new InputError(
      `--test-length: ${testLength} leaves no short length between ${least} and ${Math.floor(testLength / 4)}`,
      'Give a larger --test-length, or --lengths.',
    );
  checkLengths(lengths, least, testLength, method);
  return lengths;
}

function checkLengths(lengths: readonly number[], least: number, testLength: number, method: Method): void {
  const bad = lengths.find(n => n < least || n >= testLength);
  if (bad === undefined) return;
  const fix = `A ${method} short string of this model has at least ${least} tokens, and fewer than --test-length.`;
  throw least < testLength
    ? new InputError(`--lengths: ${bad} is not from ${least} to ${testLength - 1}`, fix)
    : new InputError(`--test-length: ${testLength} leaves no room for a short string`, fix);
}
