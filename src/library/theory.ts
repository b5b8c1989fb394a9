/** The theory of limit transformers (docs/theory.md §§4–7, 11–13) in float64: runs anywhere, and needs no device. */
export { classTables } from '../model/first-layer.ts';
export { readModel } from '../model/safetensors.ts';
export type { AnyModel, Model, ModelConfig } from '../shared/model-config.ts';
export type { TokenSource } from '../tasks/laws/registry.ts';
export { BOUNDS, type Bound, type BoundInputs, boundsAt } from '../theory/bounds.ts';
export { type Certificate, certificateOf } from '../theory/certificate.ts';
export { lipschitzOf, normComplexity } from '../theory/complexity.ts';
export { type Quantity, whyUndefined } from '../theory/defined.ts';
export { exactLoss } from '../theory/exact-loss.ts';
export { limitFunction } from '../theory/limit.ts';
export { lossAtInfinity } from '../theory/limit-loss.ts';
export { attainableLogitMargin, logitMargin, positionalMargin } from '../theory/margins.ts';
export { normsOf } from '../theory/norms.ts';
export { type TwoLayerBound, twoLayerBounds } from '../theory/promises.ts';
export { rangeComplexity } from '../theory/range.ts';
export { statisticalCertificate } from '../theory/statistical.ts';
export { type Analysis, analyse, type Theory, type TheoryOptions } from '../theory/theory.ts';
