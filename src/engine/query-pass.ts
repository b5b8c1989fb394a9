import { type Contraction, type ContractionOptions, contraction } from './contraction.ts';
import type { SequenceTables } from './sequence-tables.ts';
import type { Weights } from './weights.ts';

/*
 * Layer 2 of a two-layer model for its one query a sequence, as contractions over the sequences b of a batch.
 * Axes: h head, k key width, d/e width, m MLP, x mix entries, o outputs. Equations: theory.md §1.
 */

const ADD: ContractionOptions = { accumulate: true };

/** The tables of an arena that has layer 2. Throws when it has none. */
function layer2({ arena }: Weights): { s: SequenceTables; gs: SequenceTables } {
  if (!arena.sequence || !arena.gradSequence) throw new Error('this arena has no second layer');
  return { s: arena.sequence, gs: arena.gradSequence };
}

/** y_T, its query, and the query in state coordinates, from the state of the last position. */
export function queryForward(weights: Weights): Contraction[] {
  const { model, arena } = weights;
  const { s } = layer2(weights);
  const { parameter: p, tables: t } = arena;
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
  const { s } = layer2(weights);
  const { parameter: p, tables: t } = arena;
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
  const { s } = layer2(weights);
  const { parameter: p } = arena;
  return [
    contraction('bd->bd', [s.residual], s.y2),
    ...(model.mlpWidth > 0 ? [contraction('bm,dm->bd', [s.hidden, p('layer.1.mlp_out')], s.y2, ADD)] : []),
    contraction('bd,od->bo', [s.y2, p('unembed')], s.outputs),
  ];
}

/** `outputForward` reversed, to the gradient of the hidden units. */
export function outputBackward(weights: Weights): Contraction[] {
  const { model, arena } = weights;
  const { s, gs } = layer2(weights);
  const { parameter: p, gradient: g } = arena;
  const ops = [
    contraction('bo,bd->od', [gs.outputs, s.y2], g('unembed')),
    contraction('bo,od->bd', [gs.outputs, p('unembed')], gs.y2),
    contraction('bd->bd', [gs.y2], gs.residual),
  ];
  if (model.mlpWidth > 0) {
    ops.push(
      contraction('bd,bm->dm', [gs.y2, s.hidden], g('layer.1.mlp_out')),
      contraction('bd,dm->bm', [gs.y2, p('layer.1.mlp_out')], gs.pre),
    );
  }
  return ops;
}

/** `readoutForward` reversed, to the gradient of the averaged state; begins those of mlp_out and of the class state. */
export function readoutBackward(weights: Weights): Contraction[] {
  const { model, arena } = weights;
  const { s, gs } = layer2(weights);
  const { parameter: p, gradient: g, tables: t, gradTables: gt } = arena;
  const hidden = model.mlpWidth > 0;
  const mlp = hidden
    ? [
        contraction('bm,bd->md', [gs.pre, s.residual], g('layer.1.mlp_in')),
        contraction('bm->m', [gs.pre], g('layer.1.mlp_bias')),
        contraction('bm,md->bd', [gs.pre, p('layer.1.mlp_in')], gs.residual, ADD),
      ]
    : [];
  return [
    ...mlp,
    contraction('be,bhd->hed', [gs.residual, s.yMean], g('layer.1.value')),
    contraction('be,hed->bhd', [gs.residual, p('layer.1.value')], gs.yMean),
    contraction('bhd,xd->bhx', [gs.yMean, t.classState], gs.zMean.mix),
    contraction('bhx,bhd->xd', [s.zMean.mix, gs.yMean], gt.classState),
    ...(hidden
      ? [
          contraction('bhd,dm->bhm', [gs.yMean, p('layer.0.mlp_out')], gs.zMean.hidden),
          contraction('bhd,bhm->dm', [gs.yMean, s.zMean.hidden], g('layer.0.mlp_out')),
        ]
      : []),
    contraction('bhz,bhz->bh', [gs.zMean.whole, s.zMean.whole], gs.dotMean),
  ];
}

/** `queryForward` reversed, to the gradient of the last position's state. */
export function queryBackward(weights: Weights): Contraction[] {
  const { model, arena } = weights;
  const { s, gs } = layer2(weights);
  const { parameter: p, gradient: g, tables: t, gradTables: gt } = arena;
  const hidden = model.mlpWidth > 0;
  const scale = { scale: model.attention.scale };
  const mlpOut = () => p('layer.0.mlp_out');
  return [
    contraction('bhx,xd->bhd', [gs.zQuery.mix, t.classState], gs.keyed),
    contraction('bhx,bhd->xd', [gs.zQuery.mix, s.keyed], gt.classState, ADD),
    ...(hidden
      ? [
          contraction('bhm,dm->bhd', [gs.zQuery.hidden, mlpOut()], gs.keyed, ADD),
          contraction('bhd,bhm->dm', [s.keyed, gs.zQuery.hidden], g('layer.0.mlp_out'), ADD),
        ]
      : []),
    contraction('bhd,hkd->bhk', [gs.keyed, p('layer.1.key')], gs.query, scale),
    contraction('bhk,bhd->hkd', [s.query, gs.keyed], g('layer.1.key'), scale),
    contraction('bhk,bd->hkd', [gs.query, s.y], g('layer.1.query')),
    contraction('bd->bd', [gs.residual], gs.y),
    contraction('bhk,hkd->bd', [gs.query, p('layer.1.query')], gs.y, ADD),
    contraction('bd,xd->bx', [gs.y, t.classState], gs.last.mix),
    contraction('bx,bd->xd', [s.last.mix, gs.y], gt.classState, ADD),
    ...(hidden
      ? [
          contraction('bd,dm->bm', [gs.y, mlpOut()], gs.last.hidden),
          contraction('bd,bm->dm', [gs.y, s.last.hidden], g('layer.0.mlp_out'), ADD),
        ]
      : []),
  ];
}
