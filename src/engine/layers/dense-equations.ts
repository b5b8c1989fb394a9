import { type Contraction, contraction } from '../contraction.ts';
import { rowWidths } from '../row-widths.ts';
import type { View } from '../view.ts';
import type { Weights } from '../weights.ts';
import { tablesByClass } from './class-equations.ts';
import type { DenseTables } from './dense-tables.ts';

/*
 * The tables of dense layers (dense-tables.ts) from parameters. Axes: h head, k key width, d/e width, m MLP, o outputs, x mix entries.
 */

/** The tables of dense layer `l`. Throws when the arena has none. */
export function tablesOfLayer({ arena }: Weights, l: number): DenseTables {
  const tables = arena.tables.dense.get(l);
  if (!tables) throw new Error(`layer ${l} has no dense tables in this arena`);
  return tables;
}

/** Tables of dense layer `l`. */
export function layerTables(weights: Weights, l: number): Contraction[] {
  const p = (name: string) => weights.arena.parameter(`layer.${l}.${name}`);
  const { queries, keys, values, mlp } = tablesOfLayer(weights, l);
  return [
    ...(keys
      ? [contraction('hkd->dhk', [p('query')], queries.part), contraction('hkd->dhk', [p('key')], keys.part)]
      : [contraction('hke,hkd->dhe', [p('key'), p('query')], queries.part)]),
    contraction('hed->hde', [p('value')], values.part),
    ...(mlp
      ? [
          contraction('md->dm', [p('mlp_in')], mlp.in.part),
          contraction('m->m', [p('mlp_bias')], mlp.bias),
          contraction('dm->md', [p('mlp_out')], mlp.out.part),
        ]
      : []),
  ];
}

/** The table of the read-out behind a dense layer. */
export function readoutTable({ arena }: Weights): Contraction[] {
  if (!arena.tables.readout) throw new Error('this arena has no dense read-out');
  return [contraction('od->do', [arena.parameter('unembed')], arena.tables.readout.part)];
}

/** The table of a class layer's state rows, where a dense layer follows: y^(1) = mlp_out · hidden + classStateᵀ · mix. */
export function stateTable(weights: Weights): Contraction[] {
  const { arena, model } = weights;
  const { mixAt, mixUsed } = rowWidths(model);
  const { whole, part } = arena.tables.state!;
  const [, D] = part.sizes as [number, number];
  const rows = (first: number, count: number): View => ({
    offset: whole.offset + first * whole.strides[0]!,
    sizes: [count, D],
    strides: whole.strides,
  });
  return [
    ...(model.mlpWidth > 0
      ? [contraction('dm->md', [arena.parameter('layer.0.mlp_out')], rows(0, model.mlpWidth))]
      : []),
    contraction('xd->xd', [tablesByClass(weights).classState], rows(mixAt, mixUsed)),
  ];
}
