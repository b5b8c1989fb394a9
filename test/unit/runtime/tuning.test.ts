import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keepTrials, tunedChoices, tunedVariant } from '../../../src/runtime/tuning.ts';
import type { DenseShape } from '../../../src/shared/attention-variants.ts';
import type { AdapterInfo } from '../../../src/shared/protocol.ts';
import type { Trial } from '../../../src/shared/tuning.ts';
import { emptyFolder } from '../../support/cli.ts';

const adapter: AdapterInfo = {
  vendor: 'google',
  architecture: 'swiftshader',
  device: '',
  description: 'SwiftShader 5.0',
  software: true,
  features: ['subgroups'],
  limits: {},
};
const shape: DenseShape = {
  heads: 1,
  length: 100,
  keyWidth: 16,
  valueWidth: 16,
  locality: 0,
  attention: { precision: 'infinite', scale: 1 },
};
const trials: Trial[] = [
  { variant: 'qb-fused', compileMs: 1000, runMs: 1, maxError: 1e-7, right: true },
  { variant: 'quad', compileMs: 10, runMs: 5, maxError: 1e-7, right: true },
];

const place = () => join(emptyFolder(), 'deep', 'tuning.json');

describe('what tuning found', () => {
  test('is kept and found again by adapter, version and bucket; uses decide at look-up', async () => {
    const file = place();
    expect(tunedVariant(adapter, 'Chrome/1', shape, 1, file)).toBeUndefined();
    expect(await keepTrials(adapter, 'Chrome/1', shape, trials, file)).toBe(true);
    expect(tunedVariant(adapter, 'Chrome/1', { ...shape, length: 90 }, 1, file)).toBe('quad');
    expect(tunedVariant(adapter, 'Chrome/1', shape, 1000, file)).toBe('qb-fused');
    expect(tunedVariant(adapter, 'Chrome/2', shape, 1000, file)).toBeUndefined();
    const other = { ...adapter, description: 'another driver' };
    expect(tunedVariant(other, 'Chrome/1', shape, 1000, file)).toBeUndefined();
    expect(tunedVariant(adapter, 'Chrome/1', { ...shape, length: 300 }, 1, file)).toBeUndefined();
  });

  test('keeps what other buckets and machines have, and tells doctor', async () => {
    const file = place();
    await keepTrials(adapter, 'Chrome/1', shape, trials, file);
    await keepTrials(adapter, 'Chrome/1', { ...shape, length: 5000 }, trials.slice(1), file);
    await keepTrials(adapter, 'Chrome/2', shape, trials, file);
    const lines = tunedChoices(file);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/SwiftShader 5\.0.*Chrome\/1.*T 64.*quad once, qb-fused often/);
  });

  test('with variants that this version does not know counts as nothing, and is replaced', async () => {
    const file = join(emptyFolder(), 'tuning.json');
    writeFileSync(file, '{"machine": {"bucket": [{"variant": "fastest"}]}}');
    expect(tunedChoices(file)).toEqual([]);
    expect(await keepTrials(adapter, 'Chrome/1', shape, trials, file)).toBe(true);
    expect(tunedVariant(adapter, 'Chrome/1', shape, 1, file)).toBe('quad');
  });
});
