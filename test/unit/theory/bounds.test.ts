import { describe, expect, it } from 'vitest';
import { BOUNDS, type BoundInputs, boundsAt } from '../../../src/theory/bounds.ts';
import { BASE } from '../../support/models.ts';
import fc from '../../support/property.ts';

const one: BoundInputs = {
  config: {
    ...BASE,
    layers: 1,
    period: 3,
    vocabulary: 2,
    locality: 4,
    attention: { precision: 'finite', bits: 6, scale: 1 },
  },
  bits: 6,
  logitMargin: 0.5,
  positionalMargin: 0.25,
  lipschitz: 10,
  log10C: { norm: 40, range: 4 },
  alpha: 0.5,
  certificates: [
    {
      errorAt: length => 200 / length,
      log10Length: epsilon => Math.log10(200 / epsilon),
      note: 'test',
    },
  ],
};
const value = (inputs: BoundInputs, name: string, epsilon: number) =>
  boundsAt(inputs, [epsilon]).find(bound => bound.name === name)!.log10N;

describe('bounds of docs/theory.md §5, worked by hand at ε = 0.01', () => {
  it.each([
    // max{ 2^12, 10² · 3⁷ · 2⁶ · 4² / 10⁻⁴ }
    ['theorem-4.1', Math.log10(100 * 3 ** 7 * 2 ** 6 * 16 * 1e4)],
    ['hardmax-remark', Math.log10(4 * 3 * 100 * 1e4)],
    // (ε²)^(−2 − 4): the theorem's conclusion is the root of what it is given
    ['theorem-4.2', 24],
    // exponent max(1/0.25, 3) = 4
    ['theorem-5.2', 4 * (40 + 2)],
    ['theorem-5.2-openreview', 40 + 4 * 2],
    ['theorem-5.2-digest', 80 + 4],
    ['certificate', Math.log10(200 / 0.01)],
  ])('%s', (name, want) => {
    expect(value(one, name, 0.01)).toBeCloseTo(want, 9);
  });

  it('are seven at each ε, and say where they come from and what they hide', () => {
    const bounds = boundsAt(one, [0.1, 0.01]);
    expect(bounds.map(({ name }) => name)).toEqual([...BOUNDS, ...BOUNDS]);
    for (const { source, note, statement } of bounds) {
      expect(source).not.toBe('');
      expect(statement).not.toBe('');
      expect(note).toMatch(/hides/);
    }
    expect(bounds.filter(({ applies }) => !applies).map(({ name }) => name)).toEqual(
      [0, 0].flatMap(() => BOUNDS.filter(name => name.startsWith('theorem-5.2'))),
    );
  });

  it('the hardmax term wins when the margin is small, and τ counts as 1 at least', () => {
    expect(value({ ...one, logitMargin: 0.001 }, 'theorem-4.1', 0.1)).toBeCloseTo(6000 * Math.log10(2), 6);
    const local = { ...one, config: { ...one.config, locality: 0 } };
    expect(value(local, 'hardmax-remark', 0.1)).toBeCloseTo(Math.log10(3 * 100 * 100), 9);
  });

  it('infinite margins and missing bits', () => {
    const equal = { ...one, logitMargin: Infinity, positionalMargin: Infinity };
    expect(value(equal, 'theorem-4.1', 0.01)).toBe(value(one, 'theorem-4.1', 0.01));
    expect(value(equal, 'theorem-5.2', 0.01)).toBeCloseTo(3 * 42, 9);
    expect(value(equal, 'theorem-5.2-digest', 0.01)).toBeCloseTo(84, 9);
    expect(value({ ...one, bits: null }, 'theorem-4.1', 0.01)).toBeNull();
    expect(value({ ...one, lipschitz: null, certificates: [] }, 'certificate', 0.01)).toBeNull();
  });

  it('one token is enough for a constant function', () => {
    const constant = {
      ...one,
      logitMargin: Infinity,
      lipschitz: 0,
      log10C: { norm: -Infinity, range: -Infinity },
    };
    for (const name of ['theorem-4.1', 'hardmax-remark', 'theorem-5.2', 'theorem-5.2-openreview'])
      expect(value(constant, name, 0.01), name).toBe(0);
  });

  it('a pair needs ε/2 of each certificate', () => {
    const pair = { ...one, certificates: [one.certificates[0]!, one.certificates[0]!] };
    expect(value(pair, 'certificate', 0.01)).toBeCloseTo(Math.log10(200 / 0.005), 9);
  });
});

describe('bounds are monotone (property)', () => {
  const positive = fc.double({ min: 0.01, max: 20, noNaN: true });
  const factor = fc.double({ min: 1, max: 10, noNaN: true });
  const drawn = fc.record({
    logitMargin: positive,
    positionalMargin: positive,
    lipschitz: positive,
    alpha: positive,
    norm: fc.double({ min: 0, max: 1000, noNaN: true }),
  });
  /** Each makes the problem harder, so that no bound may fall. */
  const harder: Record<string, (inputs: BoundInputs, by: number) => BoundInputs> = {
    bits: (inputs, by) => ({ ...inputs, bits: inputs.bits! + Math.round(by) }),
    'logit margin': (inputs, by) => ({ ...inputs, logitMargin: inputs.logitMargin / by }),
    'positional margin': (inputs, by) => ({ ...inputs, positionalMargin: inputs.positionalMargin / by }),
    'L(f)': (inputs, by) => ({ ...inputs, lipschitz: inputs.lipschitz! * by }),
    'C(f)': (inputs, by) => ({ ...inputs, log10C: { ...inputs.log10C, norm: inputs.log10C.norm + by } }),
    α0: (inputs, by) => ({ ...inputs, alpha: inputs.alpha / by }),
    Δ: (inputs, by) => ({
      ...inputs,
      config: { ...inputs.config, period: inputs.config.period + Math.round(by) },
    }),
    S: (inputs, by) => ({
      ...inputs,
      config: { ...inputs.config, vocabulary: inputs.config.vocabulary + Math.round(by) },
    }),
    τ: (inputs, by) => ({
      ...inputs,
      config: { ...inputs.config, locality: inputs.config.locality + Math.round(by) },
    }),
  };
  const inputsOf = ({ norm, ...rest }: { norm: number } & Partial<BoundInputs>): BoundInputs => ({
    ...one,
    ...rest,
    log10C: { norm, range: norm / 2 },
  });

  it.each(Object.keys(harder))('in %s', knob => {
    fc.assert(
      fc.property(drawn, factor, (values, by) => {
        const inputs = inputsOf(values);
        for (const name of BOUNDS) {
          const [before, after] = [value(inputs, name, 0.05)!, value(harder[knob]!(inputs, by), name, 0.05)!];
          expect(after, name).toBeGreaterThanOrEqual(before - 1e-9);
        }
      }),
    );
  });

  it('in 1/ε', () => {
    fc.assert(
      fc.property(drawn, fc.double({ min: 1e-6, max: 1, noNaN: true }), factor, (values, epsilon, by) => {
        const inputs = inputsOf(values);
        for (const name of BOUNDS)
          expect(value(inputs, name, epsilon / by)!, name).toBeGreaterThanOrEqual(
            value(inputs, name, epsilon)! - 1e-9,
          );
      }),
    );
  });
});
