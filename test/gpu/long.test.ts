import { describe, expect, test } from 'vitest';
import { regimeOf } from '../../src/model/regime.ts';
import { linearTimeForward } from '../../src/reference/linear-time.ts';
import { packTokens } from '../../src/shared/base64.ts';
import type { Model, ModelConfig } from '../../src/shared/model-config.ts';
import { taskOf } from '../../src/tasks/registry.ts';
import { targetOf } from '../../src/tasks/task.ts';
import { asRequest, useEngine } from '../support/engine.ts';
import { BASE, builtModel, randomModel, randomTokens } from '../support/models.ts';

const engine = useEngine();

async function lastOutputs(model: Model, sequences: number[][]): Promise<number[][]> {
  const { outputs } = await engine.ask('computed', {
    op: 'forward',
    ...asRequest(model),
    sequences: packTokens(sequences),
    allPositions: false,
    kernel: 'linear',
  });
  return outputs.map(rows => rows[0] as number[]);
}

/** Largest |got − want| relative to the largest |want|. */
function relative(got: ArrayLike<number>, want: ArrayLike<number>): number {
  const scale = Math.max(...Array.from(want, Math.abs));
  return Math.max(...Array.from(want, (value, o) => Math.abs(got[o]! - value))) / scale;
}

describe('linear kernels against the float64 linear-time twin', () => {
  const shapes: { name: string; config: ModelConfig; T: number }[] = [
    { name: 'two layers', config: BASE, T: 1_000_000 },
    {
      name: 'two layers, Δ = 3, τ = 1, GELU',
      config: { ...BASE, period: 3, locality: 1, activation: 'gelu' },
      T: 100_000,
    },
    { name: 'two layers, no MLP', config: { ...BASE, mlpWidth: 0 }, T: 100_000 },
    { name: 'one layer', config: { ...BASE, layers: 1 }, T: 1_000_000 },
    { name: 'one layer, Δ = 5', config: { ...BASE, layers: 1, period: 5, heads: 1 }, T: 100_000 },
    {
      name: 'two layers, finite precision without rounding',
      config: { ...BASE, attention: { precision: 'finite', bits: null, scale: 0.05 } },
      T: 100_000,
    },
  ];
  test.each(shapes)('$name, T = $T: within 1e-5', async ({ name, config, T }) => {
    const model = randomModel(config, 7);
    const tokens = randomTokens(T, config.vocabulary);
    const [got] = await lastOutputs(model, [tokens]);
    const error = relative(got!, linearTimeForward(model, tokens));
    console.info(`${name}, T = ${T}: relative error ${error.toExponential(1)}`);
    expect(error).toBeLessThan(1e-5);
  });

  test.each<ModelConfig['attention']>([
    { precision: 'infinite', scale: 0.25 },
    { precision: 'finite', bits: null, scale: 0.02 },
    { precision: 'finite', bits: 6, scale: 0.02 },
  ])('several chunks give what one chunk gives: $precision precision, bits $bits', async attention => {
    // 40 sequences of 9,000 positions do not fit one window; alone, each does.
    const model = randomModel({ ...BASE, width: 16, mlpWidth: 64, attention }, 3);
    const sequences = Array.from({ length: 40 }, (_, i) => randomTokens(9000 - 13 * i, 3, i));
    const together = await lastOutputs(model, sequences);
    const [alone] = await lastOutputs(model, [sequences[0]!]);
    for (const [got, tokens] of [
      [alone!, sequences[0]!],
      [together[0]!, sequences[0]!],
      [together[39]!, sequences[39]!],
    ]) {
      expect(relative(got!, linearTimeForward(model, tokens!))).toBeLessThan(1e-5);
    }
  });
});

/** f(x) is the attention that the last token, alone a 1 among zeros, gets in a head with φ = [m] and equal content logits. */
function suffixShare(m: number): Model {
  const config: ModelConfig = {
    ...BASE,
    layers: 1,
    heads: 1,
    width: 4,
    keyWidth: 4,
    mlpWidth: 0,
    vocabulary: 2,
    locality: 0,
    outputs: 1,
  };
  return builtModel(config, [
    ['embed', [1, 0], 1],
    ['layer.0.value', [0, 1, 0], 1],
    ['layer.0.phi', [0, 0], m],
    ['unembed', [0, 1], 1],
  ]);
}

describe('the three regimes: the suffix share T^m / (T − 1 + T^m) at T = 10^3 … 10^6', () => {
  const lengths = [1e3, 1e4, 1e5, 1e6];
  const sequences = lengths.map(T => [...Array<number>(T - 1).fill(0), 1]);
  test.each([
    { m: 0.5, regime: 'token' },
    { m: 1, regime: 'balanced' },
    { m: 1.5, regime: 'position' },
  ])('m = $m is $regime-dominated', async ({ m, regime }) => {
    expect(regimeOf([m, m - 1])).toBe(regime);
    const shares = (await lastOutputs(suffixShare(m), sequences)).map(row => row[0]!);
    lengths.forEach((T, i) => {
      expect(Math.abs(shares[i]! / (T ** m / (T - 1 + T ** m)) - 1)).toBeLessThan(1e-5);
    });
    // Log-log slope over the last decade: of the share where it fades, of what is left of it where it wins.
    const slope = (values: number[]) => Math.log10(values[3]! / values[2]!);
    if (regime === 'token') expect(slope(shares)).toBeCloseTo(m - 1, 2);
    if (regime === 'balanced') for (const share of shares) expect(share).toBeCloseTo(0.5, 3);
    if (regime === 'position') expect(slope(shares.map(share => 1 - share))).toBeCloseTo(1 - m, 2);
  });
});

describe('transformers built by hand', () => {
  const S = 3;

  test('copy the previous token, T = 10^5', async () => {
    // Values carry the token from coordinates 0…S−1 to S…2S−1; φ[1] = 3 makes the previous position win by T².
    const config: ModelConfig = {
      ...BASE,
      layers: 1,
      heads: 1,
      mlpWidth: 0,
      vocabulary: S,
      locality: 1,
      outputs: S,
    };
    const model = builtModel(config, [
      ...[0, 1, 2].flatMap<[string, number[], number]>(s => [
        ['embed', [s, s], 1],
        ['layer.0.value', [0, S + s, s], 1],
        ['unembed', [s, S + s], 1],
      ]),
      ['layer.0.phi', [0, 1], 3],
    ]);
    const tokens = randomTokens(100_000, S);
    const [got] = await lastOutputs(model, [tokens]);
    const previous = tokens.at(-2)!;
    got!.forEach((value, s) => {
      expect(Math.abs(value - (s === previous ? 1 : 0))).toBeLessThan(1e-8);
    });
  });

  test('an induction head reaches the k-gram target, k = 1, T = 10^5, within 1e-4', async () => {
    // Layer 1 writes the previous token beside the token. Layer 2's query is its own token, its key the previous one, with
    // logit 30 on a match; its value is the token. What is left is layer 1's blur at early positions, Σ 1/i² over T.
    const config: ModelConfig = {
      ...BASE,
      heads: 1,
      width: 12,
      keyWidth: 4,
      mlpWidth: 0,
      vocabulary: S,
      locality: 1,
      outputs: S,
      attention: { precision: 'infinite', scale: 30 },
    };
    const model = builtModel(config, [
      ...[0, 1, 2].flatMap<[string, number[], number]>(s => [
        ['embed', [s, s], 1],
        ['layer.0.value', [0, S + s, s], 1],
        ['layer.1.query', [0, s, s], 1],
        ['layer.1.key', [0, s, S + s], 1],
        ['layer.1.value', [0, 2 * S + s, s], 1],
        ['unembed', [s, 2 * S + s], 1],
      ]),
      ['layer.0.phi', [0, 1], 3],
    ]);
    const tokens = randomTokens(100_000, S);
    const target = targetOf(taskOf('k-gram'), tokens, { vocabulary: S, k: 1 });
    const [got] = await lastOutputs(model, [tokens]);
    const error = Math.max(...got!.map((value, s) => Math.abs(value - target[s]!)));
    console.info(`induction head at T = 10^5: max error ${error.toExponential(1)}`);
    expect(error).toBeLessThan(1e-4);
  });
});

describe('unusual lengths and weights', () => {
  test.each([1, 2] as const)('sequences shorter than the suffix, %d layers', async layers => {
    const model = randomModel({ ...BASE, layers, locality: 6 }, 2);
    const sequences = [1, 2, 5, 6, 7, 8].map(T => randomTokens(T, 3, T));
    const got = await lastOutputs(model, sequences);
    sequences.forEach((tokens, i) => {
      expect(relative(got[i]!, linearTimeForward(model, tokens))).toBeLessThan(1e-5);
    });
  });

  test('φ far from 1 in either direction', async () => {
    for (const phi of [-50, 50]) {
      const model = randomModel(BASE, 4, [phi, phi]);
      const tokens = randomTokens(5000, 3);
      const [got] = await lastOutputs(model, [tokens]);
      expect(relative(got!, linearTimeForward(model, tokens))).toBeLessThan(1e-5);
    }
  });

  test('hardmax: at few bits and long T only the largest logits are left', async () => {
    const model = randomModel(
      { ...BASE, layers: 1, attention: { precision: 'finite', bits: 4, scale: 2 } },
      5,
    );
    const tokens = randomTokens(50_000, 3);
    const [got] = await lastOutputs(model, [tokens]);
    expect(relative(got!, linearTimeForward(model, tokens))).toBeLessThan(1e-5);
  });
});
