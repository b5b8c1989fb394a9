import type { ModelConfig } from '../shared/model-config.ts';
import { STREAM, streamKey } from '../shared/random.ts';
import { drawTokens, type TokenSource } from '../tasks/laws/registry.ts';
import { simulationError, targetError, type Worst, worstString } from './adversary.ts';
import { deterministicShort, shortestLength } from './deterministic.ts';
import { distance, type Evaluate } from './simulate.ts';

/** What the search is pointed at. */
export interface AttackOptions {
  /** Bound on ‖f(x) − f(z)‖ by |z|: the certificate; undefined where there is none. */
  certified: ((shortLength: number) => number) | undefined;
  /** f in float64, which has the last word on a break. */
  exact: (tokens: Uint8Array) => ArrayLike<number>;
  target: ((tokens: Uint8Array) => number[]) | undefined;
  source: TokenSource;
  /** Lengths of the strings, ascending. */
  testLengths: readonly number[];
  /** Short lengths n. */
  lengths: readonly number[];
  restarts: number;
  rounds: number;
  tries: number;
  seed: number;
  onProgress?: (line: string) => void;
}

/** The worst ‖f(x) − f(z)‖ found, in float64, against what was certified. */
export interface SimulationBreak {
  testLength: number;
  length: number;
  worstError: number;
  certified: number;
  /** Worst error over certified error: above 1 the certificate is broken. 0 where both are 0. */
  share: number;
  broken: boolean;
  evaluations: number;
  worstTokens: number[];
}

/** The worst ‖f(x) − f*(x)‖ found at one length, beside what random strings show. */
export interface TargetError {
  testLength: number;
  worstError: number;
  randomMean: number;
  /** Root of the mean square. */
  randomRms: number;
  randomMax: number;
  evaluations: number;
  worstTokens: number[];
}

export interface Attack {
  simulation: SimulationBreak[];
  target: TargetError[];
}

/** Random strings that the worst one is laid beside. */
const RANDOM = 256;
/** Float64 read-outs differ from the real ones by less than this, relative to their size. */
const ROUNDING = 1e-11;

/** Tries to break the certificate, and looks for the worst error against the target, by hill-climbing at every length. */
export async function attack(
  evaluate: Evaluate,
  config: ModelConfig,
  options: AttackOptions,
): Promise<Attack> {
  const { certified, exact, target, testLengths, lengths, onProgress } = options;
  const result: Attack = { simulation: [], target: [] };
  for (const testLength of testLengths) {
    const search = { ...options, length: testLength };
    for (const length of lengths) {
      if (!certified || length >= testLength || !isCertified(certified, length, config)) continue;
      onProgress?.(`T = ${testLength}, n = ${length}: trying to break the certificate`);
      const worst = await worstString(simulationError(evaluate, config, length, certified), config, search);
      result.simulation.push(breakOf(worst, config, length, certified, exact));
    }
    if (target) {
      onProgress?.(`T = ${testLength}: looking for the worst |f(x) − f*(x)|`);
      const worst = await worstString(targetError(evaluate, target), config, search);
      result.target.push({
        testLength,
        worstError: worst.score,
        ...(await randomErrors(evaluate, target, options, testLength)),
        evaluations: worst.evaluations,
        worstTokens: [...worst.tokens],
      });
    }
  }
  return result;
}

/** Whether every short string for n = `length` has a finite bound: not below the least n, nor below 2^{p/γ} in finite precision. */
export function isCertified(
  certified: (shortLength: number) => number,
  length: number,
  config: ModelConfig,
): boolean {
  return length >= shortestLength(config) && certified(length - config.period + 1) < Infinity;
}

function breakOf(
  { tokens, evaluations }: Worst,
  config: ModelConfig,
  length: number,
  certified: (shortLength: number) => number,
  exact: (tokens: Uint8Array) => ArrayLike<number>,
): SimulationBreak {
  const short = deterministicShort(tokens, length, config);
  const bound = certified(short.length);
  const [f, g] = [Array.from(exact(tokens)), Array.from(exact(short))];
  const worstError = distance(f, g);
  const rounding = ROUNDING * Math.max(Math.hypot(...f), Math.hypot(...g));
  return {
    testLength: tokens.length,
    length,
    worstError,
    certified: bound,
    share: worstError <= rounding ? 0 : worstError / bound,
    broken: worstError > bound + rounding,
    evaluations,
    worstTokens: [...tokens],
  };
}

async function randomErrors(
  evaluate: Evaluate,
  target: (tokens: Uint8Array) => number[],
  { source, seed }: AttackOptions,
  length: number,
): Promise<Pick<TargetError, 'randomMean' | 'randomRms' | 'randomMax'>> {
  const key = streamKey(seed, STREAM.simulation);
  const strings = Array.from({ length: RANDOM }, (_, i) => drawTokens({ ...source, key }, i, length));
  const outputs = await evaluate(strings);
  const errors = strings.map((tokens, i) => distance(outputs[i]!, target(tokens)));
  return {
    randomMean: errors.reduce((sum, error) => sum + error, 0) / RANDOM,
    randomRms: Math.hypot(...errors) / Math.sqrt(RANDOM),
    randomMax: Math.max(...errors),
  };
}

/** A string as runs, for people: `0×5 1×3 …`, at most a dozen. */
export function runsOf(tokens: readonly number[]): string {
  const runs: { token: number; times: number }[] = [];
  for (const token of tokens) {
    if (runs.at(-1)?.token === token) runs.at(-1)!.times++;
    else runs.push({ token, times: 1 });
  }
  const shown = runs.slice(0, 12).map(({ token, times }) => (times > 1 ? `${token}×${times}` : `${token}`));
  return shown.join(' ') + (runs.length > 12 ? ` … (${runs.length} runs)` : '');
}
