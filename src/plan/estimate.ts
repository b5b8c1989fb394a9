import { layoutOf } from '../model/layout.ts';
import { readsOf } from '../model/memory.ts';
import { type Path, pathsOf, sharesKeys } from '../model/paths.ts';
import { classCount, type ModelConfig } from '../shared/model-config.ts';
import type { Pack } from '../shared/protocol.ts';
import { lengthsOf, tokensOf } from '../shared/task.ts';
import { isDefined, isOneLayer } from '../theory/defined.ts';

/*
 * Time on SwiftShader and two cores, from what a step computes, moves and asks for: rows of class layers and queries as they were measured
 * there at one shape and scaled by their arithmetic, everything else by multiply-adds, bytes and dispatches
 * (test/unit/plan/estimate.test.ts has the truths). Other adapters differ by factors that a run learns from its own progress.
 */

/** A row of a class layer, and a query of a query layer with each position that it sees, forward and back, at the shape below. */
const CLASS_ROW_MS = 0.0035;
const QUERY_MS = 0.2;
const QUERY_POSITION_MS = 0.002;
const MEASURED = { heads: 1, width: 32, mlpWidth: 128, outputs: 1, classes: 2 };
/** Multiply-adds a millisecond: of class tables on the adapter, of its dense layers (small matrices), and of theory on one core. */
const ADAPTER_PER_MS = 2e6;
const DENSE_PER_MS = 8e5;
const CORE_PER_MS = 1e6;
/** Bytes that optimiser steps move a millisecond. */
const BYTES_PER_MS = 4e6;
/** Adam reads and writes a parameter and two moments, and reads a gradient that was written. */
const ADAM_BYTES = 32;
/** A token of a sequence that is drawn and counted: once, in training as in testing. */
const TOKEN_MS = 3.5e-5;
/** Forward, again before the way back, and back for inputs and for matrices. */
const PASSES = 4;
/** Dispatches of a step: of any model, and of a layer by its path. About as many kernels are compiled. */
const DISPATCHES = 20;
const LAYER_DISPATCHES: Record<Path, number> = { class: 30, query: 50, dense: 42 };
const DISPATCH_MS = 0.05;
/** A dispatch where it is new: compiled, for a pack, and prepared and run alone, for a test length. */
const COMPILE_MS = 25;
const PREPARE_MS = 0.2;

/** Rough times of a pack, in seconds: on the adapter, and of theory on one core. */
export interface PackSeconds {
  /** Until its first step. */
  compile: number;
  train: number;
  test: number;
  /** What `test` adds up: fresh training sequences, then the test lengths in order. */
  points: number[];
  theory: number;
}

/** Rough times of a pack on a 2-core machine without a GPU. */
export function packSeconds(pack: Pack): PackSeconds {
  const { model, replicas, steps, batch, lengthMode, positions, test } = pack;
  const law = lengthsOf(pack.task);
  const dispatches = dispatchesOf(model, positions);
  const share = lengthMode === 'uniform' ? 0.5 : 1;
  const trainLengths = replicas.map(({ trainLength }) => share * tokensOf(law, trainLength));
  /** Of all replicas' sequences, `share` of the passes over each. */
  const sequencesMs = (count: number, reads: Pack['positions'], lengths: number[], share: number) =>
    lengths.reduce((sum, length) => sum + count * sequenceMs(model, reads, length, share), 0);
  const stepMs =
    DISPATCH_MS * dispatches +
    replicas.length * replicaMs(model) +
    sequencesMs(batch, positions, trainLengths, 1);
  const points = [
    { reads: positions, lengths: trainLengths },
    ...test.lengths.map(length => ({
      reads: test.positions ?? ('last' as const),
      lengths: replicas.map(() => tokensOf(law, length)),
    })),
  ].map(
    ({ reads, lengths }) =>
      (PREPARE_MS * dispatches + sequencesMs(test.sequences, reads, lengths, 1 / PASSES)) / 1000,
  );
  return {
    compile: (COMPILE_MS * dispatches) / 1000,
    train: (steps * stepMs) / 1000,
    test: points.reduce((sum, seconds) => sum + seconds),
    points,
    theory: (replicas.length * theoryMultiplyAdds(model)) / CORE_PER_MS / 1000,
  };
}

/** Rough time of a pack on an adapter that has compiled its kernels, in seconds. */
export function estimateSeconds(pack: Pack): number {
  const { train, test } = packSeconds(pack);
  return train + test;
}

function dispatchesOf(model: ModelConfig, positions: Pack['positions']): number {
  return pathsOf(model, positions).reduce((sum, path) => sum + LAYER_DISPATCHES[path], DISPATCHES);
}

/** Time of a step of one replica that does not depend on its batch: tables of classes, and the optimiser. */
function replicaMs(model: ModelConfig): number {
  const { heads, width, keyWidth, mlpWidth } = model;
  const classes = pathsOf(model, 'last')[0] === 'class' ? classCount(model) : 0;
  const tables = classes * heads * width * (2 * keyWidth + width) + (heads + 1) * classes * width * mlpWidth;
  return (PASSES * tables) / ADAPTER_PER_MS + (ADAM_BYTES * layoutOf(model).stride) / BYTES_PER_MS;
}

/** Time of one sequence of a mean length, of `share` of the passes of a training step over it. */
function sequenceMs(model: ModelConfig, positions: Pack['positions'], length: number, share: number): number {
  const reads = readsOf({ positions, length });
  const paths = pathsOf(model, positions);
  const classes = classCount(model);
  const size = rowMultiplyAdds({ ...model, classes }) / rowMultiplyAdds(MEASURED);
  return paths.reduce((sum, path, l) => {
    const rows = l === paths.length - 1 ? reads : length;
    const ms = {
      class: CLASS_ROW_MS * size * rows,
      query: QUERY_MS * size + QUERY_POSITION_MS * length,
      dense: (PASSES * denseMultiplyAdds(model, rows, length)) / DENSE_PER_MS,
    };
    return sum + share * ms[path];
  }, TOKEN_MS * length);
}

/** Multiply-adds of a class layer's row: what attention mixes of the classes, through the MLP. */
function rowMultiplyAdds({
  heads,
  mlpWidth,
  outputs,
  classes,
}: Pick<ModelConfig, 'heads' | 'mlpWidth' | 'outputs'> & { classes: number }): number {
  return (heads + 1) * classes * (mlpWidth + outputs) + mlpWidth * outputs + heads * classes;
}

/** Multiply-adds of a dense layer forward, for `rows` queries among `keys` positions, half of which a query sees. */
function denseMultiplyAdds(model: ModelConfig, rows: number, keys: number): number {
  const { heads, width, keyWidth, mlpWidth } = model;
  const row = sharesKeys(model) ? width : keyWidth;
  const perQuery = heads * width * (row + width) + 2 * width * mlpWidth + heads * (keys / 2) * (row + width);
  const perKey = sharesKeys(model) ? 0 : heads * width * keyWidth;
  return rows * perQuery + keys * perKey;
}

/** Steps of the iteration behind a norm, strings of the simulation, and reachable sets (theory/, simulation/). */
const NORM_STEPS = 60;
const STRINGS = 320;
const SETS = 64;
/** What sampled sequences come to in models of any size. */
const SAMPLED = 1e8;

/** Multiply-adds of one cell's theory, to leading order. */
function theoryMultiplyAdds(model: ModelConfig): number {
  const { layers, heads, width, keyWidth, mlpWidth } = model;
  const matrices = heads * width * (width + 2 * keyWidth) + 2 * width * mlpWidth;
  const norms = 2 * layers * NORM_STEPS * matrices;
  if (!isDefined('bounds', model)) return norms;
  if (isOneLayer(model))
    return (
      norms + SAMPLED + 2 * STRINGS * width * mlpWidth + SETS * NORM_STEPS * width * (width + mlpWidth / 4)
    );
  // A set of y^(1) is spanned by its vertices and the neurons that can switch, each of which layer 2 sees.
  const own = 1 + heads * classCount(model) + mlpWidth / 4;
  const atoms = SETS * own;
  return (
    norms +
    SAMPLED +
    heads * atoms * width * (width + mlpWidth) +
    (heads * SETS * mlpWidth * atoms * width) / 4
  );
}
