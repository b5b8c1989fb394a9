import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { canonicalHash } from '../../../src/config/hash.ts';
import { experimentJsonSchema } from '../../../src/config/schema.ts';
import { nearest } from '../../../src/shared/nearest.ts';
import fc from '../../support/property.ts';

const MINIMAL = `name: x
task: { kind: simple, omega: 2 }
train: { length: 4 }
test: { length: 16 }
`;

const EXPERIMENTS = join(import.meta.dirname, '..', '..', '..', 'experiments');

describe('an experiment file', () => {
  test('defaults that depend on nothing', () => {
    const { content } = parseExperiment(MINIMAL, 'x.yaml');
    expect(content.data).toEqual({ alpha: 1 });
    expect(content.train).toMatchObject({
      length: 4,
      lengthMode: 'uniform',
      steps: 2000,
      batch: 256,
      clip: 1,
    });
    expect(content.train).toMatchObject({ positionOffset: 'none' });
    expect(content.model).toMatchObject({ norm: 'none', attention: { precision: 'infinite' } });
    expect(content.test).toEqual({ length: [16], sequences: 4096 });
    expect(content.epsilon).toEqual([0.1]);
  });

  test('defaults of softmax attention', () => {
    const { content } = parseExperiment(MINIMAL, 'x.yaml', ['model.attention={rule: softmax}']);
    expect(content.model.attention).toEqual({ rule: 'softmax', encoding: 'none', logScale: false });
  });

  test('--set wins over the file, adds what is missing, reads YAML values', () => {
    const sets = ['train.steps=7', 'seed=[1, 2]', 'model.attention.precision=finite'];
    const { content } = parseExperiment(MINIMAL, 'x.yaml', sets);
    expect(content.train.steps).toBe(7);
    expect(content.seed).toEqual([1, 2]);
    expect(content.model.attention).toEqual({ precision: 'finite' });
  });

  test('several problems are one error with a line each', () => {
    const bad = MINIMAL.replace('length: 4', 'length: 0, steps: -1').replace('omega: 2', 'omega: x');
    expect(() => parseExperiment(bad, 'x.yaml')).toThrow(
      /x\.yaml:2: task\.omega.*\nx\.yaml:3: train\.length.*\nx\.yaml:3: train\.steps/,
    );
  });

  test('lines of nested values', () => {
    const text =
      'name: x\ntask:\n  kind: simple\n  omega: 2\ntrain:\n  length:\n    - 4\n    - zero\ntest: { length: 16 }\n';
    expect(() => parseExperiment(text, 'x.yaml')).toThrow(
      /x\.yaml:8: train\.length\.1: expected number, got "zero"/,
    );
  });

  test.each(['quickstart.yaml', 'smoke.yaml', 'k-gram.yaml', 'k-gram-smoke.yaml'])(
    '%s is valid and names its schema',
    file => {
      const text = readFileSync(join(EXPERIMENTS, file), 'utf8');
      expect(parseExperiment(text, file).name).toBe(file.replace('.yaml', ''));
      expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/schema\.json/);
    },
  );

  test('experiments/schema.json is the schema of the code (`npm run docs` rewrites it)', async () => {
    const text = `${JSON.stringify(experimentJsonSchema(), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(join(EXPERIMENTS, 'schema.json'));
  });
});

describe('suggestions', () => {
  test.each([
    ['lenght', 'length'],
    ['learning_rate', 'learningRate'],
    ['steps', 'steps'],
  ])('%s → %s', (typed, meant) => {
    expect(nearest(typed, ['length', 'steps', 'learningRate', 'batch'])).toBe(meant);
  });

  test('nothing is suggested for a word that is like no key', () => {
    expect(nearest('zebra', ['length', 'steps'])).toBeUndefined();
  });
});

describe('canonical hash', () => {
  const json = fc.dictionary(
    fc.string(),
    fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null)),
    { minKeys: 2 },
  );

  test('key order never matters', () => {
    fc.assert(
      fc.property(json, value => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        return canonicalHash(value, 12) === canonicalHash(reversed, 12);
      }),
    );
  });

  test('any changed value changes it', () => {
    fc.assert(
      fc.property(json, value => {
        const [key] = Object.keys(value) as [string];
        return canonicalHash(value, 12) !== canonicalHash({ ...value, [key]: [value[key]] }, 12);
      }),
    );
  });
});
