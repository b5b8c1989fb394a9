import { describe, expect, test } from 'vitest';
import {
  DENSE_VARIANTS,
  type DenseVariant,
  isRounded,
  SPLIT_KEYS,
  supports,
} from '../../src/shared/attention-variants.ts';
import { floatsFromBase64, toBase64 } from '../../src/shared/base64.ts';
import type { Attention } from '../../src/shared/model-config.ts';
import {
  type AttentionArrays,
  type AttentionCase,
  attentionInputs,
  attentionTruth,
  rowSetsOf,
} from '../support/attention.ts';
import { useEngine } from '../support/engine.ts';
import fc from '../support/property.ts';

const engine = useEngine();

const RESULTS = ['means', 'gradQueries', 'gradKeys', 'gradValues', 'gradPhi', 'gradLogScale'] as const;
type Results = Record<(typeof RESULTS)[number], Float32Array>;

async function onDevice(
  shape: AttentionCase,
  inputs: ReturnType<typeof attentionInputs>,
  variant: DenseVariant,
  subgroups = true,
): Promise<Results> {
  const { model, keyWidth, valueWidth, sharedHeads = false, keyed = false } = shape;
  const { keyRows, queryRows } = rowSetsOf(shape);
  const encoded = Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, toBase64(array)]));
  const answer = await engine.ask('attended', {
    op: 'attention',
    model,
    keyWidth,
    valueWidth,
    variant,
    subgroups,
    keyRows,
    ...(queryRows ? { queryRows } : {}),
    sharedHeads,
    keyed,
    ...(encoded as Record<keyof typeof inputs, string>),
  });
  return Object.fromEntries(RESULTS.map(name => [name, floatsFromBase64(answer[name])])) as Results;
}

/** Sums of up to T terms of order 1 in float32, and scores up to D·scale + log(T)·2. */
function tolerance({ lengths, keyWidth, valueWidth }: AttentionCase): number {
  const T = Math.max(...lengths.flat());
  return 2 ** -24 * 8 * (Math.sqrt(T) + keyWidth + valueWidth + 2 * Math.log(T + 1));
}

async function expectRight(
  shape: AttentionCase,
  variant: DenseVariant,
  { seed = 1, subgroups = true } = {},
): Promise<void> {
  const inputs = attentionInputs(shape, seed);
  const got = await onDevice(shape, inputs, variant, subgroups);
  const want = attentionTruth(shape, inputs);
  const { heads } = shape.model;
  for (const name of ['gradKeys', 'gradValues'] as const) {
    // Gradients of rows that are keys, values and all heads' may come summed.
    if (shape.sharedHeads && shape.keyed && got[name].length * heads === want[name].length)
      want[name] = summedOverHeads(want[name], heads, shape.keyWidth);
  }
  for (const name of RESULTS) {
    expect(got[name]).toHaveLength(want[name].length);
    const scale = want[name].reduce((most, x) => Math.max(most, Math.abs(x)), 1);
    want[name].forEach((x, i) => {
      const error = Math.abs(got[name][i]! - x) / scale;
      if (!(error < tolerance(shape))) expect.fail(`${name}[${i}] is ${got[name][i]}, not ${x}`);
    });
  }
}

/** Σ_h of [rows, heads, width]. */
function summedOverHeads(parts: Float64Array, heads: number, width: number) {
  const sums = new Float64Array(parts.length / heads);
  parts.forEach((x, i) => {
    sums[Math.floor(i / (heads * width)) * width + (i % width)]! += x;
  });
  return sums;
}

const softmax = (encoding: 'none' | 'alibi', logScale: boolean): Attention => ({
  rule: 'softmax',
  encoding,
  logScale,
  scale: 0.3,
});

/** Every rule with every encoding that the kernels know of: turned queries and keys, and rows of a table, are no matter of theirs. */
const RULES: [name: string, attention: Attention, locality: number][] = [
  ['infinite precision', { precision: 'infinite', scale: 0.5 }, 2],
  ['infinite precision', { precision: 'infinite', scale: 0.5 }, 9],
  ['no rounding', { precision: 'finite', bits: null, scale: 0.2 }, 3],
  ['2 bits', { precision: 'finite', bits: 2, scale: 0.2 }, 0],
  ['8 bits', { precision: 'finite', bits: 8, scale: 0.2 }, 2],
  ['softmax', softmax('none', false), 0],
  ['softmax, alibi', softmax('alibi', false), 0],
  ['scalable softmax', softmax('none', true), 0],
  ['scalable softmax, alibi', softmax('alibi', true), 0],
];

/**
 * The kernels of every engine's default path, which meet all the rules; the schedules of the others call the same parts in the same places.
 */
const DEFAULTS: readonly DenseVariant[] = ['qb-fused', 'quad'];

/** Between them they have a long suffix, rounding, a log scale and a bias by distance. */
const [, LONG_SUFFIX, , , EIGHT_BITS, , , , SCALED_ALIBI] = RULES;
const TELLING = [LONG_SUFFIX!, EIGHT_BITS!, SCALED_ALIBI!];

/**
 * Those that each schedule is tried with at the usual width; of `flash-wg` and `split-k` only the forward pass is their own, and it knows
 * nothing of keyed rows.
 */
const rulesOf = (variant: DenseVariant) =>
  DEFAULTS.includes(variant) ? RULES : variant === 'qb-fused-8' ? TELLING : [LONG_SUFFIX!];

const [, INFINITE] = RULES[0]!;

/** Around the tiles of 4, 8, 16, 32 and 64 rows, padded by 0 to 3 rows; in two replicas. */
const LENGTHS = [
  [1, 2, 3, 4, 5, 7, 8, 9],
  [15, 16, 17, 31, 32, 33, 63, 67],
];

type Widths = [heads: number, keyWidth: number, valueWidth: number];

/**
 * What everything is tried at, and others around the 16 floats and the 64 that kernels take at once, each with a telling rule. What takes
 * the time is to compile, six seconds for every shape of flash-wg, and most variants share their backward pass.
 */
const USUAL: Widths = [2, 16, 16];
const WIDTHS: [Widths, (typeof RULES)[number]][] = [
  [[1, 4, 4], LONG_SUFFIX!],
  [[2, 20, 12], EIGHT_BITS!],
  [[1, 16, 40], SCALED_ALIBI!],
  [[1, 64, 64], LONG_SUFFIX!],
];

function caseOf(
  attention: Attention,
  locality: number,
  [heads, keyWidth, valueWidth]: Widths,
  more: Partial<AttentionCase> = {},
): AttentionCase {
  const model = { heads, period: 1, locality, keyWidth, attention };
  return { model, keyWidth, valueWidth, lengths: LENGTHS, ...more };
}

/** So many queries a sequence, the last position among them, as training draws them. */
const few = (count: number) => (length: number) =>
  Array.from({ length: Math.min(count, length) }, (_, i) =>
    Math.ceil(((i + 1) * length) / Math.min(count, length)),
  );

/** Keys and values are the same rows, shared by the heads. */
const KEYED = { sharedHeads: true, keyed: true };

describe.each(DENSE_VARIANTS)('%s', variant => {
  const rules = rulesOf(variant);
  const [, attention, locality] = rules[0]!;

  test.each(rules)('%s, %j, τ = %i: every position; few of them, keyed', async (_, attention, locality) => {
    await expectRight(caseOf(attention, locality, USUAL), variant);
    await expectRight(caseOf(attention, locality, USUAL, { ...KEYED, queries: few(16) }), variant);
  });

  // At 64 floats kernels with eight rows in registers take many seconds to compile.
  const widths = variant === 'qb-fused-8' ? WIDTHS.slice(0, 3) : WIDTHS;
  test.each(widths)('heads, key and value widths %j: %j', async (own, rule) => {
    const rounds = isRounded({ attention: rule[1] });
    const [, attention, locality] = variant === 'split-k' && rounds ? LONG_SUFFIX! : rule;
    await expectRight(caseOf(attention, locality, own, { lengths: [[5, 130]] }), variant);
    await expectRight(caseOf(attention, locality, own, { lengths: [[5, 130]], sharedHeads: true }), variant);
  });

  // Lengths and rows are run-time numbers: nothing is compiled anew.
  test('property: any lengths, any queries', async () => {
    const sequences = fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 2, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(sequences, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 2, max: 9 }),
        fc.integer({ min: 0, max: 1000 }),
        async (lengths, every, seed) => {
          const queries = (length: number) =>
            Array.from({ length }, (_, i) => i + 1).filter(i => (i + seed) % every === 0 || i === length);
          const shape = caseOf(attention, locality, USUAL, { lengths });
          await expectRight(shape, variant, { seed: 10 * seed });
          await expectRight({ ...shape, queries }, variant, { seed: 10 * seed });
        },
      ),
      { numRuns: 5 },
    );
  });

  test('a sequence has the same bits alone and in any company', async () => {
    const queries = few(16);
    for (const more of [{}, { queries }, KEYED]) {
      const shape = caseOf(attention, locality, USUAL, more);
      const rows = rowSetsOf(shape);
      const inputs = attentionInputs(shape, 3);
      const all = await onDevice(shape, inputs, variant);
      for (const [r, b] of [
        [0, 2],
        [1, 3],
        [1, 7],
      ] as const) {
        const alone = { ...shape, lengths: [[shape.lengths[r]![b]!]] };
        const own = rowSetsOf(alone);
        const { keyRows, queryRows = keyRows } = rows;
        const [queryCount, keyCount] = [own.queryRows ?? own.keyRows, own.keyRows].map(
          ({ starts }) => starts[0]![1]!,
        ) as [number, number];
        const cut = <A extends Float32Array>(array: A, set: typeof keyRows, count: number) => {
          const width = array.length / (shape.lengths.length * set.rows);
          const first = (r * set.rows + set.starts[r]![b]!) * width;
          return array.slice(first, first + count * width);
        };
        /** With the room that follows the rows. */
        const roomy = (array: Float32Array, set: typeof keyRows, count: number) => {
          const width = array.length / (shape.lengths.length * set.rows);
          const out = new Float32Array((count + 3) * width);
          out.set(cut(array, set, count));
          return out;
        };
        const ofReplica = (array: Float32Array) =>
          array.slice((r * array.length) / 2, ((r + 1) * array.length) / 2);
        const given = {
          queries: roomy(inputs.queries, queryRows, queryCount),
          keys: roomy(inputs.keys, keyRows, keyCount),
          values: roomy(inputs.values, keyRows, keyCount),
          gradMeans: roomy(inputs.gradMeans, queryRows, queryCount),
          phi: ofReplica(inputs.phi),
          logScale: ofReplica(inputs.logScale),
        };
        const one = await onDevice(alone, given as ReturnType<typeof attentionInputs>, variant);
        for (const name of ['means', 'gradQueries', 'gradKeys', 'gradValues'] as const) {
          const isQuery = name === 'means' || name === 'gradQueries';
          const [set, count] = isQuery ? ([queryRows, queryCount] as const) : ([keyRows, keyCount] as const);
          const company = cut(all[name], set, count);
          expect(new Uint32Array(one[name].buffer, 0, company.length), name).toEqual(
            new Uint32Array(company.buffer),
          );
        }
      }
    }
  });
});

describe.each(DEFAULTS)('%s', variant => {
  test.each(RULES)('%s, %j, τ = %i: few positions; keyed', async (_, attention, locality) => {
    await expectRight(caseOf(attention, locality, [2, 16, 16], { queries: few(5) }), variant);
    await expectRight(caseOf(attention, locality, [2, 16, 16], KEYED), variant);
  });
});

test.each(['quad', 'split-k'] as const)('%s without subgroups', async variant => {
  await expectRight(caseOf(INFINITE, 2, [2, 16, 12]), variant, { subgroups: false });
  await expectRight(caseOf(INFINITE, 2, [2, 16, 16], KEYED), variant, { subgroups: false });
});

test('split-k of more keys than a workgroup takes: parts are put together', async () => {
  const [, attention, locality] = LONG_SUFFIX!;
  const lengths = [[SPLIT_KEYS, SPLIT_KEYS + 1, 3 * SPLIT_KEYS - 5]];
  await expectRight(caseOf(attention, locality, USUAL, { lengths, queries: few(5) }), 'split-k');
});

test('wide heads: half as many rows a lane, or any width', async () => {
  const shape = caseOf(INFINITE, 2, [2, 128, 96], { lengths: [[3, 40]] });
  await expectRight(shape, 'qb-fused');
  await expectRight(caseOf(INFINITE, 2, [1, 160, 132], { lengths: [[3, 40]] }), 'quad');
});

test('the float64 loops that the kernels are held to: central differences of every input', () => {
  const step = 1e-5;
  for (const [, attention, locality] of RULES.filter(([, attention]) => !isRounded({ attention }))) {
    const shape = caseOf(attention, locality, [2, 4, 4], { lengths: [[6]], queries: few(4) });
    const inputs = Object.fromEntries(
      Object.entries(attentionInputs(shape, 7)).map(([name, array]) => [name, Float64Array.from(array)]),
    ) as AttentionArrays;
    const loss = () =>
      attentionTruth(shape, inputs).means.reduce((sum, x, i) => sum + x * inputs.gradMeans[i]!, 0);
    const truth = attentionTruth(shape, inputs);
    const pairs = {
      queries: 'gradQueries',
      keys: 'gradKeys',
      values: 'gradValues',
      phi: 'gradPhi',
      logScale: 'gradLogScale',
    } as const;
    for (const [name, gradient] of Object.entries(pairs)) {
      const array = inputs[name as keyof typeof pairs];
      array.forEach((x, k) => {
        array[k] = x + step;
        const above = loss();
        array[k] = x - step;
        const below = loss();
        array[k] = x;
        expect((above - below) / (2 * step), `${name}[${k}]`).toBeCloseTo(truth[gradient][k]!, 7);
      });
    }
  }
});

test('variants that cannot round are never offered for it', () => {
  const shape = { heads: 1, length: 100, keyWidth: 16, valueWidth: 16, locality: 0 };
  const rounded = { ...shape, attention: { precision: 'finite', bits: 8, scale: 1 } } as const;
  const offered = (features: string[]) =>
    DENSE_VARIANTS.filter(variant => supports(variant, rounded, new Set(features)));
  expect(offered(['subgroups'])).toEqual(['qb-fused', 'qb-fused-8', 'flash-wg', 'quad']);
  expect(offered([])).toEqual(['flash-wg', 'quad']);
});

test('tuning measures every variant of a shape and finds it right', async () => {
  const attention = { precision: 'finite', bits: null, scale: 0.2 } as const;
  const shape = { heads: 1, length: 128, keyWidth: 16, valueWidth: 16, locality: 2, attention, lastRows: 3 };
  const { trials } = await engine.ask('tuned', { op: 'tune', shape });
  expect(trials.map(({ variant }) => variant)).toEqual([...DENSE_VARIANTS]);
  for (const trial of trials) {
    expect(trial).toMatchObject({ right: true });
    expect(trial.maxError).toBeLessThan(1e-5);
    expect(trial.runMs).toBeGreaterThan(0);
  }
});
