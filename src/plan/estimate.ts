import { layoutOf } from '../model/layout.ts';
import { readsOf } from '../model/memory.ts';
import { pathsOf, sharesKeys } from '../model/paths.ts';
import { classCount, type ModelConfig } from '../shared/model-config.ts';
import type { Pack } from '../shared/protocol.ts';
import { lengthsOf, tokensOf } from '../shared/task.ts';
import { isDefined } from '../theory/defined.ts';

/*
 * Time on the software adapter of a 2-core machine, from what a step computes and moves: rows of class layers and queries as they were
 * measured there at one shape and scaled by their arithmetic, everything else by multiply-adds and bytes. Other adapters differ by a factor
 * that a run learns from its own progress.
 */

/** A row of a class layer and a query of a query layer, at the shape below. */
const CLASS_ROW_MS = 0.007;
const QUERY_MS = 0.2;
const MEASURED = { heads: 1, width: 32, mlpWidth: 128, outputs: 1, classes: 2 };
/** Multiply-adds a millisecond, of matrices on the adapter and of theory on one core. */
const ADAPTER_PER_MS = 2e6;
const CORE_PER_MS = 1e6;
/** Bytes that optimiser steps move a millisecond. */
const BYTES_PER_MS = 4e6;
/** Adam reads and writes a parameter and two moments, and reads a gradient that was written. */
const ADAM_BYTES = 32;
/** A token of a sequence that is drawn and counted. */
const TOKEN_MS = 2e-5;
/** Forward, again before the way back, and back for inputs and for matrices. */
const PASSES = 4;

/** Rough times of a pack, in seconds: of training and testing on the adapter, of theory on one core. */
export interface PackSeconds {
  train: number;
  test: number;
  theory: number;
}

/** Rough times of a pack on a 2-core machine without a GPU. */
export function packSeconds(pack: Pack): PackSeconds {
  const { model, replicas, steps, batch, lengthMode, positions, test } = pack;
  const law = lengthsOf(pack.task);
  const meanShare = lengthMode === 'uniform' ? 0.5 : 1;
  const stepMs = replicas.reduce(
    (sum, { trainLength }) =>
      sum + batch * sequenceMs(model, positions, meanShare * tokensOf(law, trainLength)),
    replicas.length * replicaMs(model),
  );
  const testMs = test.lengths.reduce(
    (sum, length) =>
      sum + (test.sequences * sequenceMs(model, test.positions ?? 'last', tokensOf(law, length))) / PASSES,
    0,
  );
  return {
    train: (steps * stepMs) / 1000,
    test: (replicas.length * testMs) / 1000,
    theory: (replicas.length * theoryMultiplyAdds(model)) / CORE_PER_MS / 1000,
  };
}

/** Rough time of a pack on the adapter, in seconds. */
export function estimateSeconds(pack: Pack): number {
  const { train, test } = packSeconds(pack);
  return train + test;
}

/** Time of a step of one replica that does not depend on its batch: tables of classes, and the optimiser. */
function replicaMs(model: ModelConfig): number {
  const { heads, width, keyWidth, mlpWidth } = model;
  const classes = pathsOf(model, 'last')[0] === 'class' ? classCount(model) : 0;
  const tables = classes * heads * width * (2 * keyWidth + width) + (heads + 1) * classes * width * mlpWidth;
  return (PASSES * tables) / ADAPTER_PER_MS + (ADAM_BYTES * layoutOf(model).stride) / BYTES_PER_MS;
}

/** Time of one training sequence of a mean length. */
function sequenceMs(model: ModelConfig, positions: Pack['positions'], length: number): number {
  const reads = readsOf({ positions, length });
  const paths = pathsOf(model, positions);
  const classes = classCount(model);
  const size = rowMultiplyAdds({ ...model, classes }) / rowMultiplyAdds(MEASURED);
  return paths.reduce((sum, path, l) => {
    const rows = l === paths.length - 1 ? reads : length;
    const ms = {
      class: CLASS_ROW_MS * size * rows,
      query: QUERY_MS * size,
      dense: (PASSES * denseMultiplyAdds(model, rows, length)) / ADAPTER_PER_MS,
    };
    return sum + ms[path];
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
  if (layers === 1)
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
