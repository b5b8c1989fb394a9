import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GpujsRequest } from '../../src/gpujs/protocol.ts';
import { float32Bounds } from '../../src/reference/bound.ts';
import { referenceForward } from '../../src/reference/forward.ts';
import { type GpujsPage, openGpujsPage } from '../../src/runtime/gpujs.ts';
import { packTokens } from '../../src/shared/base64.ts';
import type { Model, ModelConfig } from '../../src/shared/model-config.ts';
import { expectWithin } from '../support/bounds.ts';
import { asRequest, BUILT, useEngine } from '../support/engine.ts';
import { flat, goldens, largestError, unlabelled } from '../support/golden.ts';
import { BASE, randomModel, randomTokens } from '../support/models.ts';
import fc from '../support/property.ts';
import { shapes } from '../support/shapes.ts';

const engine = useEngine();
let page: GpujsPage;
beforeAll(async () => {
  page = await openGpujsPage({ adapter: 'software', bundle: join(BUILT, 'page', 'gpujs.js') });
});
afterAll(() => page?.close());

type Mode = GpujsRequest['modes'][number];
const MODES: Mode[] = ['webgpu', 'webgl2'];

async function onGpujs(mode: Mode, model: Model, sequences: ArrayLike<number>[], allPositions = true) {
  const answer = await page.ask({
    modes: [mode],
    adapter: 'software',
    ...asRequest(model),
    sequences: packTokens(sequences),
    allPositions,
  });
  if (answer.event !== 'computed') throw new Error(JSON.stringify(answer));
  expect(answer.backend).toBe(mode);
  expect(answer.device).toMatch(/swiftshader/i);
  return answer.outputs;
}

async function onEngine(model: Model, sequences: ArrayLike<number>[]) {
  const { outputs } = await engine.ask('computed', {
    op: 'forward',
    ...asRequest(model),
    sequences: packTokens(sequences),
    allPositions: true,
    kernel: 'linear',
  });
  return outputs;
}

describe.each(MODES)('gpu.js %s', mode => {
  test.each(goldens())('golden vector $name at every position', async ({ name, model, forward }) => {
    const sequences = forward.map(({ tokens }) => tokens);
    const outputs = await onGpujs(mode, model, sequences);
    const bounds = float32Bounds(model, unlabelled(sequences)).outputs;
    forward.forEach((vector, i) => {
      const label = `${name} gpu.js ${mode}, T = ${vector.tokens.length}`;
      expectWithin(label, flat(outputs[i]), flat(vector.outputs), bounds[i]!);
    });
  });

  test("agrees with the engine's linear kernel (property over layers, H, Δ, τ, S, T, widths, ψ, precision)", async () => {
    await fc.assert(
      fc.asyncProperty(shapes(), fc.integer({ min: 1, max: 100 }), fc.nat(999), async (config, T, seed) => {
        const model = randomModel(config, seed);
        const sequences = [randomTokens(T, config.vocabulary, seed)];
        const linear = flat(await onEngine(model, sequences));
        const other = flat(await onGpujs(mode, model, sequences));
        expect(other).toHaveLength(linear.length);
        const scale = Math.max(1, ...linear.map(Math.abs));
        linear.forEach((value, o) => {
          expect(Math.abs(value - other[o]!) / scale).toBeLessThan(2e-5);
        });
      }),
      { numRuns: 8 },
    );
  });

  // Numbers become literals and uniforms of shaders: whole ones, tiny ones and 2^−64 must stay what they are.
  test.each<ModelConfig['attention']>([
    { precision: 'infinite', scale: 1 },
    { precision: 'infinite', scale: 1e-7 },
    { precision: 'finite', bits: 64, scale: 2 },
    { precision: 'finite', bits: 1, scale: 1 },
  ])('constants: $precision precision, bits $bits, scale $scale', async attention => {
    const model = randomModel({ ...BASE, attention }, 7);
    const tokens = randomTokens(40, 3, 7);
    const got = flat(await onGpujs(mode, model, [tokens]));
    const want = flat(referenceForward(model, tokens).outputs.map(row => [...row]));
    const scale = Math.max(1, ...want.map(Math.abs));
    expect(largestError(got, want) / scale).toBeLessThan(2e-5);
  });

  test('a thousand tokens, two heads: within 1e-5 of the linear kernel at every position', async () => {
    const model = randomModel({ ...BASE, period: 2 }, 5);
    const sequences = [randomTokens(1000, 3, 5)];
    const linear = flat(await onEngine(model, sequences));
    const other = flat(await onGpujs(mode, model, sequences));
    const scale = Math.max(1, ...linear.map(Math.abs));
    const error = linear.reduce((most, value, o) => Math.max(most, Math.abs(value - other[o]!)), 0);
    expect(error / scale).toBeLessThan(1e-5);
  });
});

test('hardware is asked for in vain on a software adapter: both backends are absent, each with its reason', async () => {
  const model = randomModel(BASE, 1);
  const answer = await page.ask({
    modes: MODES,
    adapter: 'hardware',
    ...asRequest(model),
    sequences: packTokens([[0, 1]]),
    allPositions: false,
  });
  expect(answer).toMatchObject({ event: 'absent' });
  if (answer.event === 'absent')
    expect(answer.reasons).toEqual([expect.stringMatching(/software/), expect.stringMatching(/WebGL2/)]);
});
