import type { AnyModel } from '../shared/model-config.ts';

/**
 * The same function under a limit rule with a longer period and a larger τ: positions repeat, and φ is 0 beyond the model's own τ, as it is
 * anyway (docs/theory.md §1). `period` must be a multiple of the model's, `locality` at least its own.
 */
export function paddedModel(
  { config, tensors }: AnyModel,
  { period, locality }: { period: number; locality: number },
): AnyModel {
  const { width: d, heads, layers, period: ownPeriod, locality: ownLocality } = config;
  const padded: Record<string, Float64Array> = Object.fromEntries(
    Object.entries(tensors).map(([name, values]) => [name, Float64Array.from(values)]),
  );
  padded.position = Float64Array.from(
    { length: period * d },
    (_, i) => tensors.position![i % (ownPeriod * d)]!,
  );
  const row = locality + 1;
  for (let l = 0; l < layers; l++) {
    const phi = tensors[`layer.${l}.phi`]!;
    padded[`layer.${l}.phi`] = Float64Array.from({ length: heads * row }, (_, i) =>
      i % row > ownLocality ? 0 : phi[Math.floor(i / row) * (ownLocality + 1) + (i % row)]!,
    );
  }
  return { config: { ...config, period, locality }, tensors: padded };
}
