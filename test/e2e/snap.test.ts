import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeModel } from '../../src/model/safetensors.ts';
import { cli, emptyFolder } from '../support/cli.ts';
import { BASE, randomModel } from '../support/models.ts';

const cwd = emptyFolder();
const config = { ...BASE, vocabulary: 2, heads: 2, outputs: 2, mlpWidth: 8, locality: 1 };
const model = randomModel(config, 1);
model.tensors['layer.0.phi']!.set([0.4, 1.5, 0.9, 0.2]);
model.tensors['layer.1.phi']!.set([0.1, 0.3, 0.5, 0]);
writeFileSync(join(cwd, 'm.safetensors'), writeModel(model));
const finite = randomModel({ ...config, attention: { precision: 'finite', bits: 8, scale: 1 } }, 1);
writeFileSync(join(cwd, 'finite.safetensors'), writeModel(finite));

describe('lengthwise snap', () => {
  test('writes a model that theory certifies, and says what it cost', async () => {
    const made = await cli(['snap', 'm.safetensors', '--prune', '--json'], { cwd });
    expect(made.code).toBe(0);
    const { out, heads, losses, target, steps } = JSON.parse(made.stdout);
    expect(heads.map(({ to }: { to: string }) => to)).toEqual(['offset', 'pruned', 'zero', 'zero']);
    expect({ target, steps }).toEqual({ target: false, steps: 0 });
    expect(losses.map(({ length }: { length: number }) => length)).toEqual([64, 256, 1024]);
    for (const { before, after } of losses) {
      expect(before).toBe(0);
      expect(after).toBeGreaterThan(0);
    }
    const theory = await cli(['theory', out, '--epsilon', '0.5', '--strings', '50', '--json'], { cwd });
    const { certificates } = JSON.parse(theory.stdout);
    expect(certificates.map(({ name }: { name: string }) => name)).toEqual([
      'A',
      'B',
      'B-law',
      'B-drawn',
      'C',
    ]);
    expect(certificates[1].log10N).toBeGreaterThan(0);
    expect(certificates[0].log10N).toBeGreaterThanOrEqual(certificates[1].log10N);
  });

  test('for people: what became of each head, and the file', async () => {
    const { stdout, code } = await cli(['snap', 'm.safetensors', '--out', 'other.safetensors'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/Layer 1, head 1, max φ = 1.5: attends to offset 1 alone/);
    expect(stdout).toMatch(/Not fine-tuned/);
    expect(existsSync(join(cwd, 'other.safetensors'))).toBe(true);
    const { stdout: theory } = await cli(['theory', 'other.safetensors'], { cwd });
    expect(theory).toMatch(/none: layer 1 sees more than its last tokens/);
  });

  test.each<[string[], RegExp]>([
    [['snap', 'finite.safetensors'], /only models in infinite precision/],
    [['snap', 'm.safetensors', '--steps', '5'], /--steps needs a task that can be drawn/],
    [['snap', 'm.safetensors', '--out', join('no', 'folder.safetensors')], /cannot write/],
    [['theory', 'm.safetensors', '--delta', '1'], /between 0 and 1/],
  ])('%j is one clear error', async (args, says) => {
    const { code, stdout, stderr } = await cli(args, { cwd });
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/defect|at .*\.js/);
  });
});
