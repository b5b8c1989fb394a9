import type { Device } from '../engine/device.ts';

/** An implementation with its inputs on the device: compiled by the first `run`. */
export interface Prepared {
  /** One whole call: computes, and reads every result back to the host. */
  run(): Promise<ArrayLike<number>[]>;
  /** What the host does before a call and no clock counts. */
  before?(): void;
  /**
   * What is compared with float64 where the results of `run` cannot be: the same code on a smaller instance whose float64 results
   * are to be had.
   */
  prove?(): Promise<ArrayLike<number>[]>;
  /** The results of `run` in the order and layout of the float64 ones; the identity when absent. */
  arrange?(results: ArrayLike<number>[]): ArrayLike<number>[];
  /** Training sequences that one call goes through, and optimiser steps. */
  sequences?: number;
  steps?: number;
  dispose(): void | Promise<void>;
}

/** One way to solve the problems of a suite. */
export interface Contender<P> {
  version: string;
  /** @throws Unsupported when it cannot do this problem at all. */
  prepare(data: P, device: Device): Promise<Prepared>;
}

/** Loads a contender: a package that is not installed, or a backend that is not there, makes it fail. */
export type Load<P> = () => Promise<Contender<P>>;

/** A problem with its inputs and its float64 results, ready for any implementation. */
export interface Posed {
  truth: readonly Float64Array[];
  /** Largest error relative to the largest result that rounding to float32 explains. */
  tolerance: number;
  /** Undefined where the suite has no such implementation. */
  load(
    implementation: string,
  ): Promise<{ version: string; prepare(device: Device): Promise<Prepared> }> | undefined;
}

/** Poses a problem to the contenders of its suite. */
export function posed<P>(
  data: P,
  truth: readonly Float64Array[],
  tolerance: number,
  contenders: Readonly<Record<string, Load<P>>>,
): Posed {
  return {
    truth,
    tolerance,
    load: implementation => {
      const load = contenders[implementation];
      return load?.().then(({ version, prepare }) => ({ version, prepare: device => prepare(data, device) }));
    },
  };
}

/** This implementation cannot do this problem: said in a row, and nothing was harmed. */
export class Unsupported extends Error {}
