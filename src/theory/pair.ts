import { classTables } from '../model/first-layer.ts';
import { paddedModel } from '../model/padded.ts';
import { type AnyModel, MAX_ATTENTION_CLASSES } from '../shared/model-config.ts';
import type { BoundInputs } from './bounds.ts';
import { type Certificate, certificateOf } from './certificate.ts';

/** A model with what its bounds are made of. */
export interface Member {
  model: AnyModel;
  inputs: BoundInputs;
}

/**
 * The bounds of a trained f against a target g: the larger constants and the smaller margins (docs/theory.md §5). The two are read as
 * models of one shape: the period that both periods divide, and the larger τ. Σ, layers and precision must agree.
 */
export function pairInputs(f: Member, g: Member): BoundInputs {
  const [a, b] = [f.inputs, g.inputs];
  const shape = {
    period: leastCommonMultiple(a.config.period, b.config.period),
    locality: Math.max(a.config.locality, b.config.locality),
  };
  return {
    ...a,
    config: { ...a.config, ...shape },
    bits: a.bits === null || b.bits === null ? null : Math.max(a.bits, b.bits),
    logitMargin: Math.min(a.logitMargin, b.logitMargin),
    positionalMargin: Math.min(a.positionalMargin, b.positionalMargin),
    lipschitz: a.lipschitz === null || b.lipschitz === null ? null : Math.max(a.lipschitz, b.lipschitz),
    log10C: {
      norm: Math.max(a.log10C.norm, b.log10C.norm),
      range: Math.max(a.log10C.range, b.log10C.range),
    },
    certificates: commonCertificates([f, g], shape),
  };
}

/** Certificates of both models for the same short strings z: those of the common shape. */
function commonCertificates(members: Member[], shape: { period: number; locality: number }): Certificate[] {
  if (members.some(({ inputs }) => inputs.certificates.length === 0)) return [];
  const certificates = members.flatMap(({ model }) => {
    const { heads, vocabulary } = model.config;
    if (heads * vocabulary * shape.period > MAX_ATTENTION_CLASSES) return [];
    const common = paddedModel(model, shape);
    return certificateOf(common, classTables(common)) ?? [];
  });
  return certificates.length === members.length ? certificates : [];
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
