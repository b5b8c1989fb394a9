import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attentionRows, denseAttention } from '../../src/library/attention.ts';
import { readModel } from '../../src/model/safetensors.ts';
import { referenceForward, turned } from '../../src/reference/forward.ts';
import { EXACT } from '../../src/reference/rules.ts';
import { type ChromePage, openChromePage } from '../../src/runtime/chrome.ts';
import type { ModelConfig } from '../../src/shared/model-config.ts';
import { attentionInputs, attentionTruth } from '../support/attention.ts';
import { emptyFolder } from '../support/cli.ts';
import { softwareDriver } from '../support/engine.ts';
import { BASE } from '../support/models.ts';

/* The examples of docs/examples/, run as their readers would, against what `npm run build` has built. */

const EXAMPLES = join(import.meta.dirname, '..', '..', 'docs', 'examples');
const GOLDEN = join(import.meta.dirname, '..', 'golden', 'two-layer-plain.safetensors');

async function runExample(name: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, ...softwareDriver().environment, LENGTHWISE_RUNTIME: 'dawn' };
  const { stdout } = await promisify(execFile)(process.execPath, [join(EXAMPLES, name), ...args], { env });
  return stdout.trim();
}

describe('lengthwise/attention', () => {
  const [heads, width, lengths] = [2, 16, [12, 7]];
  const attention = {
    ...{ rule: 'softmax' as const, encoding: 'rope', ropeBase: 10000, logScale: false },
    scale: width ** -0.5,
  };
  const config: ModelConfig = { ...BASE, heads, width, keyWidth: width, period: 1, locality: 0, attention };
  const shape = { model: config, keyWidth: width, valueWidth: width, lengths: [lengths] };
  const { rows, starts } = attentionRows(lengths);

  /** Every head's rows turned, or back. */
  function turn(array: ArrayLike<number>, back = false): Float64Array {
    const out = Float64Array.from(array);
    lengths.forEach((length, b) => {
      for (let i = 0; i < length; i++)
        for (let h = 0; h < heads; h++) {
          const at = ((starts[b]! + i) * heads + h) * width;
          out.set(turned(config, out.slice(at, at + width), i, EXACT, back), at);
        }
    });
    return out;
  }

  function truth(inputs: Record<'queries' | 'keys' | 'values' | 'gradMeans', Float32Array>) {
    const { phi, logScale } = attentionInputs(shape, 1);
    const flat = { ...inputs, queries: turn(inputs.queries), keys: turn(inputs.keys), phi, logScale };
    const { means, gradQueries, gradKeys, gradValues } = attentionTruth(shape, flat);
    return { means, gradQueries: turn(gradQueries, true), gradKeys: turn(gradKeys, true), gradValues };
  }

  // Some room behind the rows, as the loops have.
  const wave = (frequency: number) =>
    Float32Array.from({ length: (rows + 3) * heads * width }, (_, i) => Math.sin(frequency * i));
  const inputs = { queries: wave(0.7), keys: wave(1.1), values: wave(1.3), gradMeans: wave(1.7) };

  let page: ChromePage;
  beforeAll(async () => {
    const outDir = emptyFolder();
    await build({
      configFile: false,
      logLevel: 'error',
      build: { outDir, lib: { entry: join(EXAMPLES, 'page.mjs'), formats: ['es'], fileName: 'page' } },
    });
    const bundle = join(outDir, 'page.js');
    page = await openChromePage({ adapter: 'software', bundle, ready: 'window.example !== undefined' });
  });
  afterAll(() => page?.close());

  test('in Chrome, through a bundler: means and gradients of two sequences as float64 loops', async () => {
    const plain = Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, [...array]]));
    const got = await page.page.evaluate(
      async (given, sizes) => {
        const arrays = Object.entries(given).map(([name, array]) => [name, Float32Array.from(array)]);
        const { example } = window as unknown as { example: { attend(all: object): Promise<object> } };
        const { variant, ...out } = (await example.attend({ ...sizes, ...Object.fromEntries(arrays) })) as {
          variant: string;
        } & Record<string, Float32Array>;
        return Object.fromEntries(Object.entries(out).map(([name, array]) => [name, [...array]]));
      },
      plain,
      { lengths, heads, width },
    );
    const want = truth(inputs);
    for (const [name, values] of Object.entries(want)) {
      expect(got[name]).toHaveLength(rows * heads * width);
      const error = got[name]!.reduce((most, x, i) => Math.max(most, Math.abs(x - values[i]!)), 0);
      expect(error, name).toBeLessThan(2e-5);
    }
  });

  test('in Chrome, a model of a file: on the device as in float64', async () => {
    const bytes = await readFile(GOLDEN);
    const model = readModel(bytes, GOLDEN);
    const tokens = Array.from({ length: 11 }, (_, i) => (i * i) % model.config.vocabulary);
    const { output, everyPrefix, inDouble, attention } = (await page.page.evaluate(
      (all, sequence) =>
        (
          window as unknown as { example: { look(bytes: ArrayBuffer, tokens: number[]): Promise<object> } }
        ).example.look(Uint8Array.from(all).buffer, sequence),
      [...bytes],
      tokens,
    )) as { output: number[]; everyPrefix: number[][]; inDouble: number[][]; attention: number[][][][] };
    const { outputs } = referenceForward(model, tokens);
    outputs.forEach((row, i) => {
      row.forEach((x, o) => {
        expect(inDouble[i]![o]).toBeCloseTo(x, 12);
        expect(everyPrefix[i]![o]).toBeCloseTo(x, 4);
      });
    });
    expect(output).toEqual(everyPrefix.at(-1));
    expect(attention.map(layer => layer.length)).toEqual([model.config.heads, model.config.heads]);
    for (const row of attention.flat(2)) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });

  test('in Node, on Dawn', async () => {
    const said = await runExample('attention-in-node.mjs');
    const numbers = said
      .match(/begins with (.*)$/)![1]!
      .split(',')
      .map(Number);
    const { means } = truth(inputs);
    expect(numbers).toHaveLength(3);
    numbers.forEach((x, i) => {
      expect(x).toBeCloseTo(means[heads * width + i]!, 5);
    });
  });
});

describe('what fits nothing is an error that names it', () => {
  const limits = { maxStorageBuffersPerShaderStage: 10 };
  const gpu = { limits, features: new Set(), adapterInfo: {}, lost: new Promise(() => {}) };
  const device = gpu as unknown as GPUDevice;
  const softmax = { rule: 'softmax' as const, encoding: 'none', logScale: false, scale: 1 };
  const right = { heads: 1, keyWidth: 4, valueWidth: 4, attention: softmax };

  test.each([
    [{ keyWidth: 6 }, /^keyWidth: 6 is no multiple of 4/],
    [{ heads: 0 }, /^heads: 0/],
    [{ locality: 1 }, /^locality: 1: softmax/],
    [{ attention: { ...softmax, encoding: 'rope' } }, /^attention: ropeBase/],
    [{ variant: 'fast' }, /^variant: there is no "fast"/],
  ])('%o', (wrong, message) => {
    expect(() => denseAttention(device, { ...right, ...wrong } as typeof right)).toThrow(message);
  });

  test('a device with too few storage buffers', () => {
    const few = { ...gpu, limits: { maxStorageBuffersPerShaderStage: 8 } } as unknown as GPUDevice;
    expect(() => denseAttention(few, right)).toThrow(/binds 8 storage buffers/);
  });

  test('a buffer that is too small or lacks a usage', async () => {
    Object.assign(globalThis, { GPUBufferUsage: { STORAGE: 128, COPY_SRC: 4 } });
    const attention = denseAttention(device, { ...right, variant: 'quad' });
    const buffer = (size: number, usage = 128) => ({ size, usage }) as GPUBuffer;
    const tensors = { queries: buffer(64), keys: buffer(64), values: buffer(64) };
    const rows = attentionRows([4]);
    await expect(attention.forward(rows, { ...tensors, keys: buffer(32) })).rejects.toThrow(
      /^keys: the buffer has 32 bytes, and 64 are read/,
    );
    await expect(attention.forward(rows, { ...tensors, values: buffer(64, 4) })).rejects.toThrow(
      /^values: the buffer's usage is 4/,
    );
    expect(() => attentionRows([])).toThrow(/^lengths/);
  });
});

test('lengthwise/theory and lengthwise/simulation, in a worker without a device', async () => {
  const [theory, short] = (await runExample('theory-in-worker.mjs', GOLDEN)).split('\n');
  expect(theory).toMatch(/^positional margin [\d.]+, log10 C\(f\) [\d.]+$/);
  expect(Number(short!.match(/^(\d+) tokens stand in for 1000$/)![1])).toBeLessThan(20);
});

test('lengthwise/runner and lengthwise/results: a grid from code', async () => {
  const lines = (await runExample('run-grid.mjs', emptyFolder())).split('\n');
  expect(lines).toHaveLength(2);
  for (const [i, line] of lines.entries()) {
    expect(line).toContain(`{"train.length":${[4, 8][i]}}`);
    expect(line).toMatch(/mean: 0\.\d+/);
  }
});
