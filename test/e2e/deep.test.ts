import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectComplaint } from '../support/bad-input.ts';
import { cli, cliHere, emptyFolder } from '../support/cli.ts';

const GOLDEN = join(import.meta.dirname, '../golden');
const cwd = emptyFolder();
for (const [file, from] of Object.entries({
  'softmax.safetensors': 'deep/one-layer-softmax',
  'rms.safetensors': 'deep/six-layer-limit-rms',
  'limit.safetensors': 'deep/three-layer-limit',
  'rope.safetensors': 'deep/three-layer-rope-rms',
  'absolute.safetensors': 'deep/two-layer-absolute',
}))
  copyFileSync(join(GOLDEN, `${from}.safetensors`), join(cwd, file));
writeFileSync(join(cwd, 't.json'), '{"sequences": [[0, 1, 2]]}');
writeFileSync(join(cwd, 'long.json'), JSON.stringify({ sequences: [[0], Array(1025).fill(1)] }));

describe('theory of deeper and softmax models', () => {
  test('says what is not defined, and null in --json', async () => {
    const { code, stdout } = await cli(['theory', 'rope.safetensors'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Three layers, softmax, encoding rope: S = 3, width 8, heads 2, MLP 16, norm rms/,
    );
    expect(stdout).toContain('not defined for softmax attention: logit margin');
    const theory = JSON.parse((await cliHere(['theory', 'rope.safetensors', '--json'], { cwd })).stdout);
    expect(Object.keys(theory.norms)).toContain('KQ3');
    expect(theory).toMatchObject({
      logitMargin: null,
      positionalMargins: null,
      bounds: null,
      attention: null,
    });
  });

  test('has margins and regimes of every limit layer', async () => {
    const theory = JSON.parse((await cliHere(['theory', 'limit.safetensors', '--json'], { cwd })).stdout);
    expect(theory.positionalMargins).toHaveLength(3);
    expect(theory.layerRegimes).toEqual(Array(3).fill(['token', 'token']));
    expect(theory.complexity).toEqual({ norm: null, range: null, empirical: null });
  });
});

describe('forward without --kernel', () => {
  test.each([
    ['softmax.safetensors', 'dense', ['dense']],
    ['limit.safetensors', 'dense', ['dense', 'dense', 'dense']],
  ])('of %s is %s', async (model, kernel, paths) => {
    const ran = await cli(['forward', model, 't.json', '--adapter', 'software', '--json'], { cwd });
    expect(JSON.parse(ran.stdout)).toMatchObject({ kernel, paths });
  });
});

describe('clear words where there is nothing', () => {
  test.each<[string[], RegExp]>([
    [
      ['forward', 'softmax.safetensors', 't.json', '--kernel', 'linear'],
      /--kernel linear: there is no linear-time path for one layer, softmax.*\n.*--kernel dense/,
    ],
    [
      ['forward', 'rms.safetensors', 't.json', '--kernel', 'linear'],
      /six layers.*norm rms.*\n.*--kernel dense/,
    ],
    [['forward', 'limit.safetensors', 't.json', '--kernel', 'linear'], /three layers.*\n.*--kernel dense/],
    [
      ['forward', 'softmax.safetensors', 't.json', '--kernel', 'gpujs'],
      /--kernel gpujs: .*only for limit rules/,
    ],
    [['forward', 'rms.safetensors', 't.json', '--kernel', 'gpujs'], /--kernel gpujs: .*norm rms/],
    [
      ['forward', 'absolute.safetensors', 'long.json'],
      /long\.json: sequence 1 has 1025 tokens.*1024 rows \(maxLength\)/,
    ],
    [['simulate', 'softmax.safetensors'], /short strings .* not defined for softmax attention/],
    [['simulate', 'limit.safetensors'], /short strings .* not defined for three layers/],
    [
      ['simulate', 'limit.safetensors', '--adversary'],
      /neither a certificate to break \(it is open for three layers\) nor a known target/,
    ],
    [
      ['theory', 'limit.safetensors', '--target', 'limit.safetensors'],
      /--target: bounds are not defined for limit\.safetensors: three layers/,
    ],
    [
      ['theory', 'limit.safetensors', '--target', 'rope.safetensors'],
      /--target: rope\.safetensors has softmax attention, limit\.safetensors has infinite precision/,
    ],
  ])('%j', async (args, says) => {
    expectComplaint(await cliHere(args, { cwd }), says);
  });
});
