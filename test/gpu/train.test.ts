import { describe, expect, test } from 'vitest';
import { layoutOf, unflatten } from '../../src/model/layout.ts';
import { linearTimeForward } from '../../src/reference/linear-time.ts';
import { referenceTrain } from '../../src/reference/train.ts';
import { floatsFromBase64 } from '../../src/shared/base64.ts';
import type { Pack } from '../../src/shared/protocol.ts';
import { pcg4d, STREAM, streamKey } from '../../src/shared/random.ts';
import { onDevice } from '../../src/shared/task.ts';
import { taskOf } from '../../src/tasks/registry.ts';
import { sampleSequence } from '../../src/tasks/sample.ts';
import { targetOf } from '../../src/tasks/task.ts';
import { useEngine } from '../support/engine.ts';
import { kGramPack, PATH_PACKS, pack, replica, taskWith } from '../support/packs.ts';

const engine = useEngine();

const kGram = kGramPack();

async function train(own: Pack) {
  const losses: (number | null)[][] = [];
  const answer = await engine.ask('trained', { op: 'train', pack: own }, event => {
    for (const point of event.curve) losses.push(point.losses);
  });
  return { ...answer, losses };
}

/**
 * How far the losses of the first steps may lie from float64: Adam divides by √v, so the rounding of every gradient is carried into all
 * later steps. Three trainings whose gradients are wrong by up to 2⁻¹⁶ of the tensor's largest entry, which is more than the kernels are
 * (paths.test.ts), show how far; the room above is for chance, and for the rounding of the
 * losses themselves.
 */
function carriedErrors(own: Pack, losses: readonly number[]): number[] {
  const carried = [1, 2, 3].map(seed =>
    referenceTrain(own, 0, own.steps, (gradient, step) => {
      const largest = gradient.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      gradient.forEach((x, i) => {
        gradient[i] = x + 2 ** -16 * largest * (pcg4d(i, step, gradient.length, seed)[0] / 2 ** 31 - 1);
      });
    }).losses.map((loss, step) => Math.abs(loss - losses[step]!)),
  );
  return losses.map((_, step) => {
    const soFar = (values: readonly number[]) => Math.max(...values.slice(0, step + 1));
    return 2 ** -18 * soFar(losses) + 2 * Math.max(...carried.map(soFar));
  });
}

/** Rows of hidden units are padded to 16. */
const NINE_UNITS = pack({ model: { ...pack().model, mlpWidth: 9 } });

describe.each([
  ...PATH_PACKS.map(({ name, own }) => ({ name, own: { ...own, test: pack().test } })),
  {
    name: 'one layer, finite precision, period 3',
    own: pack({
      model: {
        ...pack().model,
        period: 3,
        heads: 2,
        attention: { precision: 'finite', bits: null, scale: 0.4 },
      },
      task: taskWith({ p: 3, k: 1 }),
      replicas: [replica({ knobs: { p: 3, k: 1 } })],
    }),
  },
  { name: 'one layer, an MLP that fills no row', own: NINE_UNITS },
  { name: 'two layers, cross-entropy', own: pack({ ...kGram, loss: 'cross-entropy' }) },
])('training $name', ({ own }) => {
  test('follows the float64 reference over the first steps', async () => {
    const want = referenceTrain(own, 0, own.steps);
    const allowed = carriedErrors(own, want.losses);
    const { losses } = await train(own);
    want.losses.forEach((loss, step) => {
      expect(Math.abs(losses[step]![0]! - loss), `step ${step}`).toBeLessThan(allowed[step]!);
    });
  });
});

describe('packs', () => {
  test.each([pack(), NINE_UNITS])('a replica trains the same alone and among others (pack %#)', async own => {
    const others = [replica({ seed: 9 }), replica(), replica({ seed: 4, knobs: { omega: 5 } })];
    const among = await train({ ...own, replicas: others });
    const alone = await train(own);
    expect(among.losses.map(row => row[1])).toEqual(alone.losses.map(row => row[0]));
    expect(among.cells[1]!.weights).toBe(alone.cells[0]!.weights);
  });

  test.each([
    { layers: 'one layer', base: {} },
    { layers: 'two layers', base: kGram },
  ])('a diverged replica is marked and does not disturb the rest ($layers)', async ({ base }) => {
    const own = pack({ ...base, optimiser: { ...pack().optimiser, clip: null, warmup: 0 } });
    const [good] = own.replicas;
    const bad = { ...good!, learningRate: 1e30 };
    const { cells } = await train({ ...own, replicas: [bad, good!] });
    const alone = await train(own);
    expect(cells[0]!.divergedAtStep).toBeGreaterThan(0);
    expect(cells[0]!.test[0]!.loss).toBeNull();
    expect(cells[1]).toEqual({ ...alone.cells[0], divergedAtStep: null });
  });

  test('a test string goes on where the shorter one of its number ends: losses are the reference’s on prefixes of one set of strings', async () => {
    const own = kGramPack({ test: { lengths: [40, 12], sequences: 30 } });
    const { cells } = await train(own);
    const { seed, knobs, alphaThousandths } = own.replicas[0]!;
    const model = {
      config: own.model,
      tensors: unflatten(layoutOf(own.model), floatsFromBase64(cells[0]!.weights)),
    };
    const task = taskOf(own.task.name);
    const drawing = {
      task,
      knobs,
      law: onDevice(own.task).law.name,
      alphaThousandths,
      lengthMode: 'fixed',
      length: 40,
      positions: 'last',
      offsets: null,
      key: streamKey(seed, STREAM.test),
      step: 0,
    } as const;
    const strings = Array.from({ length: 30 }, (_, i) => sampleSequence(drawing, i).tokens);
    for (const { length, loss } of cells[0]!.test) {
      const errors = strings.map(tokens => {
        const prefix = tokens.slice(0, length);
        const target = targetOf(task, prefix, knobs);
        return [...linearTimeForward(model, prefix)].reduce((sum, y, o) => sum + (y - target[o]!) ** 2, 0);
      });
      expect(loss! / (errors.reduce((a, b) => a + b, 0) / 30)).toBeCloseTo(1, 4);
    }
  });

  test('evaluation is the mean over the test sequences, with its standard error', async () => {
    const { cells } = await train(pack({ test: { lengths: [16, 64], sequences: 500 } }));
    const [weights] = [floatsFromBase64(cells[0]!.weights)];
    expect(weights.every(Number.isFinite)).toBe(true);
    for (const { loss, stderr } of cells[0]!.test) {
      expect(loss).toBeGreaterThan(0);
      expect(stderr).toBeGreaterThan(0);
      expect(stderr).toBeLessThan(loss!);
    }
  });
});
