import { type Contraction, type ContractionOptions, contraction } from './contraction.ts';
import { type Dispatch, dispatch } from './dispatch.ts';
import { compileContraction } from './programs.ts';
import { rowWidths } from './row-widths.ts';
import { splitFirst, type View } from './view.ts';
import type { Weights } from './weights.ts';

const ADD: ContractionOptions = { accumulate: true };

/** Compiles contractions and makes them dispatches over all replicas. */
export function contractions(gpu: GPUDevice, weights: Weights, ops: Contraction[]): Promise<Dispatch[]> {
  return Promise.all(
    ops.map(async op => {
      const pipeline = await compileContraction(gpu, weights.arena, op);
      return dispatch(gpu, pipeline, [weights.buffer], op.threads, weights.replicas);
    }),
  );
}

/**
 * The class tables of every replica from its weights (theory.md §§1-2): embeddings, logits, and the feature table in
 * which value and MLP matrices (in one-layer models the read-out too) are multiplied out.
 */
export function tablesForward({ model, arena }: Weights): Contraction[] {
  const { parameter: p, tables: t } = arena;
  const classes = splitFirst(t.embedding, model.vocabulary, model.period);
  const ops = [
    contraction('xd->xrd', [p('embed')], classes),
    contraction('rd->xrd', [p('position')], classes, ADD),
    contraction('cd,hkd->hck', [t.embedding, p('layer.0.key')], t.keys),
    contraction('cd,hkd->hck', [t.embedding, p('layer.0.query')], t.queries),
    contraction('hqk,hck->hqc', [t.queries, t.keys], t.logits, { scale: model.attention.scale }),
    contraction('cd,hed->hce', [t.embedding, p('layer.0.value')], t.values),
  ];
  if (model.layers === 1) {
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
    if (model.layers === 1)
      ops.push(contraction('od,dm->om', [p('unembed'), p('layer.0.mlp_out')], t.readout));
  }
  return ops;
}

/** The read-out's part of `tablesForward` reversed, in one-layer models: begins the gradients of values and embeddings. */
export function readoutGradients({ model, arena }: Weights): Contraction[] {
  const { parameter: p, gradient: g, tables: t, gradTables: gt } = arena;
  const ops = [
    contraction('hco,hce->oe', [gt.attendedDirect, t.values], g('unembed')),
    contraction('co,cd->od', [gt.residualDirect, t.embedding], g('unembed'), ADD),
    contraction('hco,oe->hce', [gt.attendedDirect, p('unembed')], gt.values),
    contraction('co,od->cd', [gt.residualDirect, p('unembed')], gt.embedding),
  ];
  if (model.mlpWidth > 0) {
    ops.push(
      contraction('om,dm->od', [gt.readout, p('layer.0.mlp_out')], g('unembed'), ADD),
      contraction('om,od->dm', [gt.readout, p('unembed')], g('layer.0.mlp_out')),
    );
  }
  return ops;
}

/** Every other line of `tablesForward` reversed. Gradients of values and embeddings must have been begun. */
export function tableGradients({ model, arena }: Weights): Contraction[] {
  const { parameter: p, gradient: g, tables: t, gradTables: gt } = arena;
  const { heads: H, locality } = model;
  const { classes: C, logitGradients: G } = rowWidths(model);
  const scale = { scale: model.attention.scale };
  const rowsByQuery = gt.logitRows.offset;
  const gradLogits: View = { offset: rowsByQuery, sizes: [H, C, C], strides: [C, G, 1] };
  const gradPhi: View = {
    offset: rowsByQuery + H * C,
    sizes: [C, H, locality + 1],
    strides: [G, locality + 1, 1],
  };
  const gradClasses = splitFirst(gt.embedding, model.vocabulary, model.period);
  const ops: Contraction[] = [];
  if (model.mlpWidth > 0) {
    const mlpIn = p('layer.0.mlp_in');
    ops.push(
      contraction('cm->m', [gt.residualHidden], g('layer.0.mlp_bias')),
      contraction('hcm,hce->me', [gt.attendedHidden, t.values], g('layer.0.mlp_in')),
      contraction('cm,cd->md', [gt.residualHidden, t.embedding], g('layer.0.mlp_in'), ADD),
      contraction('hcm,me->hce', [gt.attendedHidden, mlpIn], gt.values, ADD),
      contraction('cm,md->cd', [gt.residualHidden, mlpIn], gt.embedding, ADD),
    );
  }
  ops.push(
    contraction('hce,cd->hed', [gt.values, t.embedding], g('layer.0.value')),
    contraction('hce,hed->cd', [gt.values, p('layer.0.value')], gt.embedding, ADD),
    contraction('hqc,hck->hqk', [gradLogits, t.keys], gt.queries, scale),
    contraction('hqc,hqk->hck', [gradLogits, t.queries], gt.keys, scale),
    contraction('hqk,qd->hkd', [gt.queries, t.embedding], g('layer.0.query')),
    contraction('hck,cd->hkd', [gt.keys, t.embedding], g('layer.0.key')),
    contraction('hqk,hkd->qd', [gt.queries, p('layer.0.query')], gt.embedding, ADD),
    contraction('hck,hkd->cd', [gt.keys, p('layer.0.key')], gt.embedding, ADD),
    contraction('xrd->xd', [gradClasses], g('embed')),
    contraction('xrd->rd', [gradClasses], g('position')),
    contraction('qht->ht', [gradPhi], g('layer.0.phi')),
  );
  return ops;
}
