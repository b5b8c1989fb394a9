import { describe, expect, it } from 'vitest';
import { classTables } from '../../../src/model/first-layer.ts';
import { regimeOf } from '../../../src/model/regime.ts';
import { lipschitzOf, normComplexity } from '../../../src/theory/complexity.ts';
import { logitMargin, positionalMargin, suffixBiases } from '../../../src/theory/margins.ts';
import { namedNorms, normsOf } from '../../../src/theory/norms.ts';
import { goldens } from '../../support/golden.ts';

const DIGITS = 1e-6;

describe.each(goldens())('theory of golden model $name', ({ model, theory }) => {
  const { config } = model;
  const tables = classTables(model);
  const norms = normsOf(model);
  const named = namedNorms(norms);

  it('has the golden norms', () => {
    expect(Object.keys(named).sort()).toEqual(Object.keys(theory.norms).sort());
    for (const [name, value] of Object.entries(theory.norms)) {
      const got = [named[name]!].flat();
      [value].flat().forEach((want, i) => {
        expect(Math.abs(got[i]! - want), `${name}[${i}]`).toBeLessThanOrEqual(DIGITS * Math.max(1, want));
      });
    }
  });
  it('has the golden margins and regimes', () => {
    expect(Math.abs(logitMargin(config, tables) - theory.logitMargin)).toBeLessThanOrEqual(DIGITS);
    expect(Math.abs(positionalMargin(suffixBiases(model)[0]!) - theory.positionalMargin)).toBeLessThanOrEqual(
      DIGITS,
    );
    expect(tables.phi.map(regimeOf)).toEqual(theory.regimes);
  });
  it('has the golden L(f) or log10 C(f)', () => {
    const [got, want] =
      config.layers === 1
        ? [lipschitzOf(config, norms), theory.lipschitz!]
        : [normComplexity(config, norms), theory.log10Complexity!];
    expect(Math.abs(got - want)).toBeLessThanOrEqual(DIGITS * want);
  });
});
