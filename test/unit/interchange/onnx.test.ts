import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { onnxOf } from '../../../src/interchange/onnx.ts';
import { writeModel } from '../../../src/model/safetensors.ts';
import { referenceForward } from '../../../src/reference/forward.ts';
import { cliHere, emptyFolder } from '../../support/cli.ts';
import { deepGoldens, type Golden, goldens } from '../../support/golden.ts';

/** Of the largest read-out. */
const TOLERANCE = 1e-5;

const open = (bytes: Uint8Array) => InferenceSession.create(bytes, { executionProviders: ['wasm'] });

const tokensOf = (sequences: number[][]) =>
  new Tensor('int64', BigInt64Array.from(sequences.flat(), BigInt), [sequences.length, sequences[0]!.length]);

describe.each([...goldens(), ...deepGoldens()].map(golden => ({ name: golden.name, golden })))(
  'ONNX of golden model $name, in onnxruntime',
  ({ golden: { model, forward } }) => {
    test('f of every prefix is the reference', async () => {
      const session = await open(onnxOf(model, '0'));
      for (const { tokens } of forward) {
        const { outputs } = await session.run({ tokens: tokensOf([tokens]) });
        const want = referenceForward(model, tokens).outputs.flatMap(row => [...row]);
        const got = outputs!.data as Float32Array;
        expect(outputs!.dims).toEqual([1, tokens.length, model.config.outputs]);
        const largest = want.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
        const error = want.reduce((most, x, i) => Math.max(most, Math.abs(x - got[i]!)), 0);
        expect(error / largest).toBeLessThan(TOLERANCE);
      }
      await session.release();
    });
  },
);

test('a batch is its sequences', async () => {
  const { model, forward } = goldens(2)[0]!;
  const session = await open(onnxOf(model, '0'));
  const { tokens } = forward.find(each => each.tokens.length > 4)!;
  const pair = [tokens, [...tokens].reverse()];
  const { outputs } = await session.run({ tokens: tokensOf(pair) });
  const got = outputs!.data as Float32Array;
  for (const [b, sequence] of pair.entries()) {
    const { outputs: alone } = await session.run({ tokens: tokensOf([sequence]) });
    const own = alone!.data as Float32Array;
    own.forEach((x, i) => {
      expect(got[b * own.length + i]).toBeCloseTo(x, 5);
    });
  }
});

describe('lengthwise export', () => {
  const cwd = emptyFolder();
  const [{ model, forward }] = goldens(1) as [Golden];
  writeFileSync(join(cwd, 'm.safetensors'), writeModel(model));

  test('writes a file beside the model that onnxruntime reads', async () => {
    const made = await cliHere(['export', 'm.safetensors', '--onnx', '--json'], { cwd });
    expect(made.code).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({ out: 'm.onnx', outputs: model.config.outputs });
    const session = await open(readFileSync(join(cwd, 'm.onnx')));
    const { tokens } = forward[0]!;
    const { outputs } = await session.run({ tokens: tokensOf([tokens]) });
    expect(outputs!.dims).toEqual([1, tokens.length, model.config.outputs]);
  });

  test.each([
    [['m.safetensors'], /no format is named/],
    [['m.safetensors', '--onnx', 'no/such/folder.onnx'], /cannot write no\/such\/folder\.onnx/],
    [['none.safetensors', '--onnx'], /none\.safetensors/],
  ])('%j is one clear error', async (args, message) => {
    const { code, stderr } = await cliHere(['export', ...args], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
