import { z } from 'zod';
import { InputError } from '../../shared/errors.ts';
import type { Knobs, Task } from '../task.ts';
import { evaluateAll, numberOf } from './evaluate.ts';
import { type Constant, type Node, nodesOf, parseExpression, RESERVED } from './language.ts';
import { wgslOf } from './wgsl.ts';

/** `kind` of tasks whose target is written as expressions. */
export const EXPRESSION = 'expression';

/** Numbers that WGSL is handed (`shaders/common/legend.wgsl`). */
const MOST_KNOBS = 4;
const MOST_OUTPUTS = 64;
/** Whole numbers up to here are exact in float32. */
const EXACT = 2 ** 24;

/**
 * A task by formula: `target` is an expression for each output, of `count(token)`, `count(token, residue, modulus)` (positions t ≡ residue,
 * from 1), `last(i)` (the i-th token from the end, −1 where there is none), `length`, `vocabulary`, the knobs and the functions of
 * `language.ts`. Both twins are compiled from the same tree. The model's period is the least common multiple of the moduli, its locality
 * reaches back to the furthest `last`.
 * @param knobs names of the task's numbers besides `vocabulary`
 * @throws InputError when an expression is none, or has names that nothing has
 */
export function expressionTask(target: string | readonly string[], knobs: readonly string[]): Task {
  const texts = typeof target === 'string' ? [target] : target;
  if (texts.length > MOST_OUTPUTS) throw new InputError(`${texts.length} outputs: at most ${MOST_OUTPUTS}`);
  const reserved = knobs.find(name => RESERVED.includes(name));
  if (reserved) throw new InputError(`no knob can be called ${reserved}: expressions use that name`);
  const roots = texts.map(text => parseExpression(text, knobs));
  const used = nodesOf(roots, 'knob').map(({ name }) => name);
  const idle = knobs.find(name => !used.includes(name));
  if (idle) throw new InputError(`the knob ${idle} is in no expression`);
  if (used.length > MOST_KNOBS)
    throw new InputError(`${used.length} knobs (${used.join(', ')}): at most ${MOST_KNOBS}`);
  const counts = nodesOf(roots, 'count');
  const lasts = nodesOf(roots, 'last');
  return {
    kind: EXPRESSION,
    summary: texts.join('; '),
    knobs: z.strictObject({
      vocabulary: z.int().min(2).max(256),
      ...Object.fromEntries(used.map(name => [name, z.number().min(-EXACT).max(EXACT)])),
    }),
    complexity: [...used, 'vocabulary'],
    shape: own => ({
      vocabulary: own.vocabulary!,
      outputs: roots.length,
      period: counts.map(({ modulus }) => numberOf(modulus, own)).reduce(leastCommonMultiple, 1),
      locality: lasts.reduce((most, { back }) => Math.max(most, numberOf(back, own) - 1), 0),
      layers: 1,
      order: 0,
    }),
    refuse: own => impossible(roots, own),
    targets: (tokens, own, reads) => evaluateAll(roots, own, tokens, reads),
    wgslKnobs: own =>
      [0, 1, 2, 3].map(i => (used[i] ? own[used[i]]! : 0)) as [number, number, number, number],
    wgsl: wgslOf(roots, used),
    examples: [],
  };
}

/** Why the arguments of `count` and `last` cannot be what these knobs make them. */
function impossible(roots: readonly Node[], knobs: Knobs): string | undefined {
  const wrong = (constant: Constant, least: number, most: number, what: string) => {
    const value = numberOf(constant, knobs);
    return Number.isInteger(value) && value >= least && value <= most
      ? undefined
      : `${what} ${value}: it must be a whole number from ${least} to ${most}`;
  };
  for (const { token, residue, modulus } of nodesOf(roots, 'count')) {
    const found =
      wrong(token, 0, knobs.vocabulary! - 1, 'count of token') ??
      wrong(modulus, 1, 128, 'count with modulus') ??
      wrong(residue, 0, numberOf(modulus, knobs) - 1, 'count with residue');
    if (found) return found;
  }
  for (const { back } of nodesOf(roots, 'last')) {
    const found = wrong(back, 1, 256, 'last');
    if (found) return found;
  }
  return undefined;
}

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return (a / divisor) * b;
}
