import type { ClassTables } from '../model/first-layer.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { drawTokens, type TokenSource } from '../tasks/laws/registry.ts';
import { isOneLayer } from '../theory/defined.ts';
import { outputsOf } from './outputs.ts';
import { leastLength, type Simulation, simulate, standardMethod } from './simulate.ts';

/** The standard measurement behind the empirical C(f): small enough for every trained cell, the same wherever it is made. */
const LONG = 1024;
const SHORT = [16, 32, 64, 128];
/** Multiply-adds that it may take, to leading order; fewer strings in larger models, but never fewer than `FEWEST`. */
const BUDGET = 1e8;
const [FEWEST, MOST] = [8, 64];

/**
 * Simulation error of a limit model of one or two layers (theory/defined.ts) in float64: T ≈ 1024, n = 16…128, deterministic z for one
 * layer, Markov z for two. Its fit with β = 1/3 gives the empirical C(f) (docs/theory.md §4 and §6).
 */
export function measureSimulation(
  model: AnyModel,
  source: TokenSource,
  tables?: ClassTables,
): Promise<Simulation> {
  const { config } = model;
  const { width, mlpWidth, heads, vocabulary, period } = config;
  const method = standardMethod(config);
  const position = isOneLayer(config) ? heads : 2 * width * mlpWidth + heads * vocabulary * period * width;
  const strings = Math.floor(BUDGET / (position * (LONG + SHORT.reduce((a, b) => a + b, 0))));
  const longs = Array.from({ length: Math.max(FEWEST, Math.min(MOST, strings)) }, (_, i) =>
    drawTokens(source, i, LONG + (i % period)),
  );
  const output = outputsOf(model, tables);
  return simulate(async sequences => sequences.map(tokens => [...output(tokens)]), config, longs, {
    method,
    lengths: SHORT.filter(n => n >= leastLength(method, config)),
    draws: 1,
    rounds: 0,
    seed: 0,
    floor: largest => 1e-12 * largest,
  });
}
