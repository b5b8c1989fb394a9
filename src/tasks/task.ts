import type { z } from 'zod';
import { InputError } from '../shared/errors.ts';
import type { TokenChain } from './laws/chain.ts';
import type { Law } from './laws/law.ts';

/** Knob values of a task as the YAML gives them, `kind` left out. */
export type Knobs = Record<string, number>;

/** What a task asks of a model: `layers` is the least number that can express it, the rest are the shape and its defaults. */
export interface TaskShape {
  vocabulary: number;
  outputs: number;
  period: number;
  locality: number;
  layers: number;
  /** Order of the token chain that `dirichlet-markov` draws; 0 where tokens are iid. The training length must exceed it. */
  order: number;
}

/**
 * A deterministic short string z of x (docs/theory.md §6), as far as a target cares: the same τ-suffix, and every residue's tokens in
 * proportion.
 */
export interface ShortShape {
  /** |z|. */
  length: number;
  period: number;
  locality: number;
  /** Tokens of a residue class of z, at most, that are others than the class's shares in x. */
  moved: number;
}

/** A sequence, what a task says of it at its last position, and with which knobs. Executed by the tests. */
export interface TaskExample {
  knobs: Knobs;
  tokens: number[];
  target: number[];
}

/**
 * A task: target function of every prefix, in float64 and in WGSL (docs/theory.md §§3, 10).
 * A new task is one file that exports one of these, and one line in `registry.ts`.
 */
export interface Task {
  kind: string;
  /** One line for `--help` and the README. */
  summary: string;
  /** The keys that `task:` takes in an experiment, besides `kind`. All numbers. */
  knobs: z.ZodObject;
  /** The knobs that make the task harder: the complexity axes of the paper's figures. */
  complexity: string[];
  shape(knobs: Knobs): TaskShape;
  /** A law of its own, where its sequences have a form that a token law does not give: `data.law: task`, and then no other. */
  law?: Law;
  /** Where some prefixes have no target: every position is read, in training and in tests, and those without one do not count. */
  positions?: 'every';
  /** Whether targets are classes: 1 for one output and 0 for the rest. Such tasks are measured by accuracy beside loss. */
  classes?: true;
  /** Why the knobs cannot be used (for example k ≥ p), or undefined when they can. */
  refuse?(knobs: Knobs): string | undefined;
  /**
   * f*(prefix), `outputs` numbers, for the prefixes that end at `reads`, positions from 1, rising: in one pass over the tokens. Null
   * where a prefix has no target.
   */
  targets(tokens: ArrayLike<number>, knobs: Knobs, reads: readonly number[]): (number[] | null)[];
  /**
   * What f* tends to as T → ∞ on strings of an ergodic law (docs/theory.md §12), from the last `order` tokens or more. Where `order` is 0,
   * f* is at every T this function of the string's own class frequencies.
   */
  limit?(chain: TokenChain, knobs: Knobs): (last: ArrayLike<number>) => number[];
  /** Variance of f* as T → ∞, summed over outputs: the loss of predicting its mean. Undefined where no closed form is known. */
  limitVariance?(knobs: Knobs, law: string, alpha: number): number | undefined;
  /**
   * A bound on ‖f*(z) − f*(x)‖ for every x that is longer than its deterministic z; undefined where there is none. Absent: none is known.
   */
  shortError?(knobs: Knobs, short: ShortShape): number | undefined;
  /** Up to four numbers that `wgsl` receives as `knobs: vec4<f32>`. */
  wgslKnobs(knobs: Knobs): [number, number, number, number];
  /** u32 words that the WGSL needs for each sequence when several prefixes are read, as `scratch` at binding 7; none unless given. */
  scratchWords?(knobs: Knobs): number;
  /**
   * `fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>)`, which reads tokens with `token_at(sequence, i)`, i from 1, and where
   * `wanted(i)`, called for rising i, says that the prefix ends here, writes each output with `set_target(output, value)`, or a class with
   * `set_class(class)`; a prefix for which it writes nothing has no target. The boolean constant MANY_READS (also for `#if`) tells whether
   * prefixes besides the whole sequence may be wanted. Empty: there is none, and sequences are drawn and labelled on the host.
   */
  wgsl: string;
  examples: TaskExample[];
}

/** f*(x) of a whole sequence. @throws InputError where it has none */
export function targetOf(task: Task, tokens: ArrayLike<number>, knobs: Knobs): number[] {
  const [target] = task.targets(tokens, knobs, [tokens.length]);
  if (target) return target;
  throw new InputError(
    `task ${task.kind} has no target after these ${tokens.length} tokens`,
    `It has one only where an answer is due: ${task.summary}.`,
  );
}

/** A class among `outputs`, as a target. */
export function oneHot(target: number, outputs: number): number[] {
  return Array.from({ length: outputs }, (_, o) => (o === target ? 1 : 0));
}
