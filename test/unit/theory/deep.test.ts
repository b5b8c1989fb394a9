import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { theorySummary } from '../../../src/cli/summary.ts';
import { theoryText } from '../../../src/cli/theory-text.ts';
import { readModel } from '../../../src/model/safetensors.ts';
import { cellLineSchema } from '../../../src/results/schema.ts';
import { type AnyModel, isSoftmax, type ModelConfig } from '../../../src/shared/model-config.ts';
import { isDefined } from '../../../src/theory/defined.ts';
import { analyse } from '../../../src/theory/theory.ts';
import { cellLine } from '../../support/cells.ts';
import { BASE, builtModel } from '../../support/models.ts';

const FOLDER = join(import.meta.dirname, '../../golden/deep');
const source = { law: 'uniform-iid', vocabulary: 3, alphaThousandths: 1000, order: 0, key: 1 } as const;
const options = { epsilons: [0.1], bits: null, alpha: 1, source } as const;
const models = readdirSync(FOLDER)
  .filter(file => file.endsWith('.safetensors'))
  .map(file => ({ name: file, model: readModel(readFileSync(join(FOLDER, file)), file) }));

/** ‖M‖ of a row-major [rows, columns] matrix, by power iteration on MᵀM from a vector that meets every direction. */
function norm(matrix: ArrayLike<number>, columns: number): number {
  const rows = Array.from({ length: matrix.length / columns }, (_, r) =>
    Array.from({ length: columns }, (__, c) => matrix[r * columns + c]!),
  );
  let v = Array.from({ length: columns }, (_, c) => Math.cos(c + 1));
  let size = 0;
  for (let step = 0; step < 3000; step++) {
    const image = rows.map(row => row.reduce((sum, x, c) => sum + x * v[c]!, 0));
    size = Math.hypot(...image) / Math.hypot(...v);
    v = v.map((_, c) => rows.reduce((sum, row, r) => sum + row[c]! * image[r]!, 0));
    const length = Math.hypot(...v);
    v = v.map(x => x / length);
  }
  return size;
}

/** s K_hᵀ Q_h of a layer, by its definition. */
function logitMatrix({ config, tensors }: AnyModel, l: number, h: number): number[] {
  const { width: d, keyWidth } = config;
  const at = (name: string, k: number, i: number) =>
    tensors[`layer.${l}.${name}`]![(h * keyWidth + k) * d + i]!;
  return Array.from({ length: d * d }, (_, entry) => {
    let sum = 0;
    for (let k = 0; k < keyWidth; k++) sum += at('key', k, Math.floor(entry / d)) * at('query', k, entry % d);
    return config.attention.scale * sum;
  });
}

test('the folder has its ten models', () => expect(models).toHaveLength(10));

describe.each(models)('theory of $name', ({ model }) => {
  const { config, tensors } = model;
  const { layers, width: d, heads, mlpWidth } = config;
  const softmax = isSoftmax(config.attention);
  const byClass = isDefined('logitMargin', config);

  it('has the norms of every layer', async () => {
    const { norms } = (await analyse(model, options)).theory;
    expect(norms.U).toBeCloseTo(norm(tensors.unembed!, d), 6);
    for (let l = 0; l < layers; l++) {
      const tensor = (name: string) => tensors[`layer.${l}.${name}`]!;
      for (let h = 0; h < heads; h++) {
        const value = tensor('value').subarray(h * d * d, (h + 1) * d * d);
        expect((norms[`V${l + 1}`] as number[])[h]).toBeCloseTo(norm(value, d), 6);
        expect((norms[`KQ${l + 1}`] as number[])[h]).toBeCloseTo(norm(logitMatrix(model, l, h), d), 6);
      }
      expect(norms[`A${l + 1}`]).toBeCloseTo(mlpWidth === 0 ? 0 : norm(tensor('mlp_in'), d), 6);
      expect(norms[`B${l + 1}`]).toBeCloseTo(mlpWidth === 0 ? 0 : norm(tensor('mlp_out'), mlpWidth), 6);
      expect(norms[`b${l + 1}`]).toBeCloseTo(mlpWidth === 0 ? 0 : Math.hypot(...tensor('mlp_bias')), 6);
    }
    expect(Object.keys(norms)).toHaveLength(2 + 5 * layers);
  });

  it('is null, with a reason, where nothing is defined', async () => {
    const { theory, attention, inputs, certificate } = await analyse(model, options);
    expect(theory).toMatchObject({
      lipschitz: null,
      complexity: { norm: null, range: null, empirical: null },
      bounds: null,
    });
    expect([inputs, certificate]).toEqual([undefined, undefined]);
    expect(attention === null).toBe(!byClass);
    expect(theory.logitMargin === null).toBe(!byClass);
    expect(theory.effectiveMarginQuantiles === null).toBe(!byClass);
    expect(theory.positionalMargins?.length).toBe(softmax ? undefined : layers);
    expect(theory.regimes?.length).toBe(softmax ? undefined : heads);
    expect(theory.positionalMargin).toBe(theory.positionalMargins?.[0] ?? null);
    const [reason] = theory.notes;
    expect(reason).toMatch(softmax ? /^not defined for softmax attention: / : /^not defined for /);
  });

  it('is a line of cells.jsonl, a text and a row of the summary', async () => {
    const analysis = await analyse(model, options);
    const line = { ...cellLine({ 'train.length': 8, seed: 0 }, [1, 1]), theory: analysis.theory };
    const read = cellLineSchema.parse(JSON.parse(JSON.stringify({ ...line, attention: analysis.attention })));
    expect(read.theory).toEqual(JSON.parse(JSON.stringify(analysis.theory)));
    const context = {
      ...{ model, source, target: undefined, task: undefined, cell: undefined },
      shortError: () => undefined,
    };
    const text = theoryText(context, analysis, null, true);
    expect(text).toContain(softmax ? 'Note: not defined for softmax attention' : 'positional margin γ');
    expect(text).not.toMatch(/null|undefined|NaN|\(f\) +│/);
    const brief = theoryText(context, analysis, null, false);
    expect(brief.split('\n').length).toBeLessThan(30);
    expect(brief).not.toContain('Norms');
    expect(theorySummary([read])).toMatch(softmax ? /norms only.*softmax attention/ : /N = 8 +│ 1.00e\+0 +│/);
  });
});

describe('R0, by hand', () => {
  const shape: ModelConfig = { ...BASE, layers: 3, locality: 0, mlpWidth: 0 };
  const softmax = { rule: 'softmax', logScale: false, scale: 1 } as const;
  const embed: [string, number[], number][] = [
    ['embed', [0, 0], 3],
    ['embed', [1, 1], -2],
  ];
  const r0 = async (attention: ModelConfig['attention'], more: typeof embed, period = 1) =>
    (await analyse(builtModel({ ...shape, period, attention }, [...embed, ...more]), options)).theory.norms
      .R0;

  it('is over tokens where the encoding adds nothing', async () => {
    expect(await r0({ ...softmax, encoding: 'alibi' }, [])).toBe(3);
    expect(await r0({ ...softmax, encoding: 'rope', ropeBase: 100 }, [])).toBe(3);
  });
  it('is over tokens and rows with a position table: token 0 and row 4, ‖(3, 4)‖', async () => {
    const attention = { ...softmax, encoding: 'absolute', maxLength: 5 } as const;
    expect(await r0(attention, [['position', [4, 1], 4]])).toBe(5);
  });
  it('is over tokens and residues of a limit rule: token 1 and residue 2, ‖(0, −2 − 10)‖', async () => {
    expect(await r0({ precision: 'infinite', scale: 1 }, [['position', [2, 1], -10]], 3)).toBe(12);
  });
});
