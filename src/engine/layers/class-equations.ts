import { type Contraction, type ContractionOptions, contraction } from '../contraction.ts';
import { isOnlyLayer } from '../row-widths.ts';
import { splitFirst } from '../view.ts';
import type { Weights } from '../weights.ts';
import type { ClassTables } from './class-tables.ts';

const ADD: ContractionOptions = { accumulate: true };

/** The class tables of an arena. Throws when it has none. */
export function tablesByClass({ arena }: Weights): ClassTables {
  if (!arena.tables.class) throw new Error('this arena has no layer by class');
  return arena.tables.class;
}

/**
 * The class tables of every replica from its weights (docs/theory.md §§1-2): embeddings, logits, and the feature table in
 * which value and MLP matrices (in one-layer models the read-out too) are multiplied out.
 */
export function classForward(weights: Weights): Contraction[] {
  const { model, arena } = weights;
  const { parameter: p } = arena;
  const t = tablesByClass(weights);
  const classes = splitFirst(t.embedding, model.vocabulary, model.period);
  const ops = [
    contraction('xd->xrd', [p('embed')], classes),
    contraction('rd->xrd', [p('position')], classes, ADD),
    contraction('cd,hkd->hck', [t.embedding, p('layer.0.key')], t.keys),
    contraction('cd,hkd->hck', [t.embedding, p('layer.0.query')], t.queries),
    contraction('hqk,hck->hqc', [t.queries, t.keys], t.logits, { scale: model.attention.scale }),
    contraction('cd,hed->hce', [t.embedding, p('layer.0.value')], t.values),
  ];
  if (isOnlyLayer(model)) {
    ops.push(
      contraction('hce,oe->hco', [t.values, p('unembed')], t.attendedDirect),
      contraction('cd,od->co', [t.embedding, p('unembed')], t.residualDirect),
    );
  }
  if (model.mlpWidth > 0) {
    ops.push(
      contraction('hce,me->hcm', [t.values, p('layer.0.mlp_in')], t.attendedHidden),
      contraction('cd,md->cm', [t.embedding, p('layer.0.mlp_in')], t.residualHidden),
      contraction('m->cm', [p('layer.0.mlp_bias')], t.residualHidden, ADD),
    );
    if (isOnlyLayer(model))
      ops.push(contraction('od,dm->om', [p('unembed'), p('layer.0.mlp_out')], t.readout));
  }
  return ops;
}
