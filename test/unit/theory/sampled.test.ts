import { describe, expect, it } from 'vitest';
import { classTables } from '../../../src/model/first-layer.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import { pairInputs } from '../../../src/theory/pair.ts';
import { attentionMap, effectiveMargin, hardmaxLength } from '../../../src/theory/sampled.ts';
import { analyse } from '../../../src/theory/theory.ts';
import { memberOf } from '../../support/member.ts';
import { BASE, builtModel, randomModel } from '../../support/models.ts';

const source = { law: 'uniform-iid', vocabulary: 2, alphaThousandths: 1000, order: 0, key: 1 } as const;
const ONE: ModelConfig = {
  ...BASE,
  layers: 1,
  heads: 1,
  vocabulary: 2,
  period: 3,
  locality: 0,
  mlpWidth: 0,
  attention: { precision: 'finite', bits: 8, scale: 1 },
};
/** Attends to residue 1 by `gap` nats, whatever the tokens: the paper's Figure 3. */
const onResidue = (gap: number) =>
  builtModel(ONE, [
    ['embed', [0, 1], 1],
    ['embed', [1, 1], 1],
    ['position', [1, 0], gap],
    ['layer.0.key', [0, 0, 0], 1],
    ['layer.0.query', [0, 0, 1], 1],
  ]);

describe('sampled attention of a head that looks at one residue', () => {
  const model = onResidue(2.1);
  const tables = classTables(model);

  it('has the gap as its effective margin', () => {
    const { smallest, quantiles } = effectiveMargin(model, tables, source);
    expect(smallest).toBeCloseTo(2.1, 6);
    expect(quantiles['0.5']).toBeCloseTo(2.1, 6);
  });

  it('is hardmax from 2^(p/γ) on', () => {
    // w = T^(−2.1) ≤ 2^−8 from T = 14.03 on; the grid goes 11, 13, 16.
    expect(hardmaxLength(model, tables, source, 8).measured).toBe(16);
    expect(hardmaxLength(onResidue(0.5), classTables(onResidue(0.5)), source, 8).measured).toBeNull();
  });

  it('shows as near 0 off the residue and uniform on it', () => {
    const [head] = attentionMap(model, tables, source).heads;
    expect(head!.residueMass[1]).toBe(1);
    expect(head!.residueMass[0]! + head!.residueMass[2]!).toBe(0);
    expect(head!.uniformity).toBeCloseTo(1, 12);
    expect(head!.argmaxMass).toBeCloseTo(1, 12);
  });

  it('is even over residues when there is no gap', () => {
    const flat = onResidue(0);
    const [head] = attentionMap(flat, classTables(flat), source).heads;
    for (const mass of head!.residueMass) expect(mass).toBeCloseTo(1 / 3, 2);
    expect(effectiveMargin(flat, classTables(flat), source).smallest).toBe(Infinity);
  });
});

describe('analyse', () => {
  const options = { epsilons: [0.1], bits: null, alpha: 1, source } as const;

  it('says in words what is infinite or zero', async () => {
    const { theory } = await analyse(builtModel({ ...BASE, layers: 1, vocabulary: 2 }, []), options);
    expect(theory).toMatchObject({ logitMargin: null, effectiveMargin: null, hardmax: null });
    expect(theory.complexity).toEqual({ norm: null, range: null, empirical: null });
    const words = theory.notes.join('; ');
    for (const phrase of [
      'logit margin: infinite',
      'C(f) is 0',
      'simulate long ones exactly',
      'without a number of bits',
    ])
      expect(words).toContain(phrase);
  });

  it('carries everything the contract names, as JSON without infinities', async () => {
    const { theory, attention } = await analyse(randomModel({ ...BASE, vocabulary: 2 }, 3), options);
    const again = JSON.parse(JSON.stringify({ theory, attention }));
    expect(again).toEqual({ theory, attention });
    expect(theory.bounds).toHaveLength(7);
    expect(theory.regimes).toHaveLength(2);
    expect(theory.lipschitz).toBeNull();
    for (const form of ['norm', 'range', 'empirical'] as const)
      expect(Number.isFinite(theory.complexity[form])).toBe(true);
  });

  it('a pair takes the larger constants and the smaller margins, whichever comes first', async () => {
    const config: ModelConfig = { ...BASE, layers: 1, vocabulary: 2, locality: 1 };
    const [f, g] = [
      await memberOf(randomModel(config, 1), options),
      await memberOf(randomModel({ ...config, period: 2 }, 2), options),
    ];
    const [a, b] = [pairInputs(f, g), pairInputs(g, f)];
    for (const inputs of [a, b]) {
      expect(inputs.logitMargin).toBe(Math.min(f.inputs.logitMargin, g.inputs.logitMargin));
      expect(inputs.positionalMargin).toBe(Math.min(f.inputs.positionalMargin, g.inputs.positionalMargin));
      expect(inputs.lipschitz).toBe(Math.max(f.inputs.lipschitz!, g.inputs.lipschitz!));
      expect(inputs.log10C.norm).toBe(Math.max(f.inputs.log10C.norm, g.inputs.log10C.norm));
      expect(inputs.config.period).toBe(2);
      expect(inputs.certificates).toHaveLength(2);
    }
  });
});
