/** Short strings that stand in for long ones (docs/theory.md §6), in float64: runs anywhere, and needs no device. */
export type { ModelConfig } from '../shared/model-config.ts';
export { deterministicShort, shortestLength } from '../simulation/deterministic.ts';
export { discrepancy } from '../simulation/discrepancy.ts';
export { type ErrorColumn, type Fit, fitErrors } from '../simulation/fit.ts';
export { gramShort } from '../simulation/gram-short.ts';
export { markovShort } from '../simulation/markov.ts';
export {
  type Evaluate,
  leastLength,
  METHODS,
  type Method,
  type Simulation,
  type SimulationOptions,
  type SimulationPoint,
  simulate,
  standardMethod,
} from '../simulation/simulate.ts';
export { drawTokens, type TokenSource } from '../tasks/laws/registry.ts';
