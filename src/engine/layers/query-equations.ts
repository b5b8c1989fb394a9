import { type Contraction, type ContractionOptions, contraction } from '../contraction.ts';
import type { Weights } from '../weights.ts';
import { tablesByClass } from './class-equations.ts';
import type { QueryTables } from './query-tables.ts';

/*
 * Layer 2 of a two-layer model for its one query a sequence, as contractions over the sequences b of a batch.
 * Axes: h head, k key width, d/e width, m MLP, x mix entries, o outputs. Equations: docs/theory.md §1.
 */

const ADD: ContractionOptions = { accumulate: true };

/** The query tables of an arena. Throws when it has none. */
export function tablesOfQueries({ arena }: Weights): QueryTables {
  if (!arena.tables.query) throw new Error('this arena has no last layer of one query');
  return arena.tables.query;
}

/** y_T, its query, and the query in state coordinates, from the state of the last position. */
export function queryForward(weights: Weights): Contraction[] {
  const { model, arena } = weights;
  const s = tablesOfQueries(weights);
  const { parameter: p } = arena;
  const t = tablesByClass(weights);
  const hidden = model.mlpWidth > 0;
  return [
    contraction('bx,xd->bd', [s.last.mix, t.classState], s.y),
    ...(hidden ? [contraction('bm,dm->bd', [s.last.hidden, p('layer.0.mlp_out')], s.y, ADD)] : []),
    contraction('bd,hkd->bhk', [s.y, p('layer.1.query')], s.query),
    contraction('bhk,hkd->bhd', [s.query, p('layer.1.key')], s.keyed, { scale: model.attention.scale }),
    contraction('bhd,xd->bhx', [s.keyed, t.classState], s.zQuery.mix),
    ...(hidden ? [contraction('bhd,dm->bhm', [s.keyed, p('layer.0.mlp_out')], s.zQuery.hidden)] : []),
  ];
}

/** Y_T and the MLP's pre-activation from the averaged state. */
export function readoutForward(weights: Weights): Contraction[] {
  const { model, arena } = weights;
  const s = tablesOfQueries(weights);
  const { parameter: p } = arena;
  const t = tablesByClass(weights);
  const ops = [
    contraction('bhx,xd->bhd', [s.zMean.mix, t.classState], s.yMean),
    ...(model.mlpWidth > 0
      ? [contraction('bhm,dm->bhd', [s.zMean.hidden, p('layer.0.mlp_out')], s.yMean, ADD)]
      : []),
    contraction('bd->bd', [s.y], s.residual),
    contraction('bhd,hed->be', [s.yMean, p('layer.1.value')], s.residual, ADD),
  ];
  if (model.mlpWidth > 0) {
    ops.push(
      contraction('bd,md->bm', [s.residual, p('layer.1.mlp_in')], s.pre),
      contraction('m->bm', [p('layer.1.mlp_bias')], s.pre, ADD),
    );
  }
  return ops;
}

/** Outputs from the MLP's hidden units. */
export function outputForward(weights: Weights): Contraction[] {
  const { model, arena } = weights;
  const s = tablesOfQueries(weights);
  const { parameter: p } = arena;
  return [
    contraction('bd->bd', [s.residual], s.y2),
    ...(model.mlpWidth > 0 ? [contraction('bm,dm->bd', [s.hidden, p('layer.1.mlp_out')], s.y2, ADD)] : []),
    contraction('bd,od->bo', [s.y2, p('unembed')], s.outputs),
  ];
}
