import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { flatten, layoutOf, tensorShapes, unflatten } from '../../../src/model/layout.ts';
import { readModel, writeModel } from '../../../src/model/safetensors.ts';
import { InputError } from '../../../src/shared/errors.ts';
import type { Model, ModelConfig } from '../../../src/shared/model-config.ts';
import { trainingText } from '../../../src/shared/training.ts';
import { goldens } from '../../support/golden.ts';
import { BASE, randomModel } from '../../support/models.ts';

const TINY: ModelConfig = {
  layers: 1,
  heads: 1,
  width: 1,
  keyWidth: 1,
  mlpWidth: 0,
  vocabulary: 1,
  period: 1,
  locality: 0,
  outputs: 1,
  activation: 'relu',
  norm: 'none',
  attention: { precision: 'infinite', scale: 1 },
};

const DEEP_FOLDER = join(import.meta.dirname, '..', '..', 'golden', 'deep');
const DEEP = readdirSync(DEEP_FOLDER).filter(file => file.endsWith('.safetensors'));

function tiny(): Model {
  return {
    config: TINY,
    tensors: Object.fromEntries(tensorShapes(TINY).map(({ name }, i) => [name, Float32Array.of(i + 1)])),
  };
}

describe('safetensors', () => {
  test('the bytes are what the format says', () => {
    const file = writeModel(tiny());
    const view = new DataView(file.buffer);
    const headerBytes = Number(view.getBigUint64(0, true));
    const text = new TextDecoder().decode(file.subarray(8, 8 + headerBytes));
    const header = JSON.parse(text);
    expect(headerBytes % 8).toBe(0);
    expect(text.trimEnd()).toBe(JSON.stringify(header));
    expect(header.embed).toEqual({ dtype: 'F32', shape: [1, 1], data_offsets: [0, 4] });
    expect(header.unembed).toEqual({ dtype: 'F32', shape: [1, 1], data_offsets: [24, 28] });
    const { norm: _, ...metadata } = TINY;
    expect(JSON.parse(header.__metadata__.lengthwise)).toEqual(metadata);
    expect(file.length).toBe(8 + headerBytes + 28);
    expect(view.getFloat32(file.length - 4, true)).toBe(7);
  });

  test.each(goldens())('reads $name and writes it back the same', ({ model }) => {
    const again = readModel(writeModel(model), 'again');
    expect(again).toEqual(model);
  });

  test.each(DEEP)('reads %s and writes it back the same', file => {
    const model = readModel(readFileSync(join(DEEP_FOLDER, file)), file);
    expect(readModel(writeModel(model), 'again')).toEqual(model);
  });

  test('what it was trained on comes back, and what is no such thing is refused', () => {
    const training = {
      version: '1.2.3',
      cell: 'abc',
      task: { kind: 'mod-p', p: 3, k: 1 },
      data: { law: 'dirichlet-iid', alpha: 1 },
      length: 16,
      seed: 7,
    };
    const file = writeModel({ ...tiny(), training });
    expect(readModel(file, 'trained').training).toEqual(training);
    expect(trainingText(training)).toBe(
      'mod-p, p = 3, k = 1; up to 16 tokens of dirichlet-iid, α = 1; seed 7; lengthwise 1.2.3',
    );
    const broken = Buffer.from(file);
    broken.write('-', broken.indexOf('seed') + 'seed\\":'.length);
    expect(() => readModel(broken, 'broken')).toThrow(/broken: metadata "lengthwise.training"/);
  });

  test('metadata name the norm where there is one', () => {
    const model = randomModel({ ...BASE, norm: 'rms' }, 1);
    expect(new TextDecoder().decode(writeModel(model))).toContain('\\"norm\\":\\"rms\\"');
    expect(readModel(writeModel(model), 'again')).toEqual(model);
  });

  test('float64 weights are rounded to float32', () => {
    const file = writeModel(tiny());
    const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerBytes)));
    const wide: Record<string, unknown> = { __metadata__: header.__metadata__ };
    tensorShapes(TINY).forEach(({ name, shape }, i) => {
      wide[name] = { dtype: 'F64', shape, data_offsets: [8 * i, 8 * i + 8] };
    });
    const json = new TextEncoder().encode(JSON.stringify(wide));
    const bytes = new Uint8Array(8 + json.length + 56);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(json.length), true);
    bytes.set(json, 8);
    for (let i = 0; i < 7; i++) view.setFloat64(8 + json.length + 8 * i, 0.1 * (i + 1), true);
    expect([...readModel(bytes, 'wide').tensors.position!]).toEqual([Math.fround(0.2)]);
  });

  test('a hole between tensors is refused, as the library does', () => {
    const file = writeModel(tiny());
    const text = new TextDecoder().decode(file).replace('"data_offsets":[24,28]', '"data_offsets":[28,32]');
    expect(() =>
      readModel(Buffer.concat([new TextEncoder().encode(text), new Uint8Array(4)]), 'hole'),
    ).toThrow(/hole: /);
  });
});

describe('a file whose tensors are not those of its config', () => {
  const softmax: ModelConfig = {
    ...BASE,
    locality: 0,
    attention: { rule: 'softmax', encoding: 'none', logScale: false, scale: 1 },
  };
  /** The tensors of one config under the metadata of another. */
  const mixed = (tensorsOf: ModelConfig, config: object) => {
    const file = writeModel(randomModel(tensorsOf, 1));
    const dataStart = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, dataStart)));
    header.__metadata__.lengthwise = JSON.stringify(config);
    const json = new TextEncoder().encode(JSON.stringify(header));
    const length = new Uint8Array(new BigUint64Array([BigInt(json.length)]).buffer);
    return () => readModel(Buffer.concat([length, json, file.subarray(dataStart)]), 'mixed');
  };

  test.each<[string, ModelConfig, ModelConfig, string]>([
    [
      'phi under softmax',
      { ...BASE, locality: 0 },
      { ...softmax, attention: { ...softmax.attention, encoding: 'absolute', maxLength: 1 } as never },
      'unexpected tensor layer.0.phi: softmax models have no phi',
    ],
    [
      'positions where the encoding has none',
      { ...BASE, locality: 0 },
      softmax,
      'unexpected tensor position: softmax models of encoding none have no position rows',
    ],
    [
      'σ under a limit rule',
      { ...softmax, attention: { ...softmax.attention, logScale: true } as never },
      { ...BASE, locality: 0 },
      'unexpected tensor layer.0.log_scale: only softmax models with logScale have log_scale',
    ],
    [
      'σ without logScale',
      { ...softmax, attention: { ...softmax.attention, logScale: true } as never },
      softmax,
      'unexpected tensor layer.0.log_scale: only softmax models with logScale have log_scale',
    ],
    [
      'gains without a norm',
      { ...BASE, norm: 'rms' },
      BASE,
      'unexpected tensor layer.0.attention_norm: models of norm none have no gains',
    ],
    [
      'an MLP',
      BASE,
      { ...BASE, mlpWidth: 0 },
      'unexpected tensor layer.0.mlp_in: models of mlpWidth 0 have no MLP',
    ],
    [
      'a layer too many',
      { ...BASE, layers: 3 },
      BASE,
      'unexpected tensor layer.2.query: layers are numbered 0 to 1',
    ],
    ['a layer too few', BASE, { ...BASE, layers: 3 }, 'tensor layer.2.query [2,8,8] is missing'],
    [
      'no phi',
      { ...softmax, attention: { ...softmax.attention, encoding: 'absolute', maxLength: 1 } as never },
      { ...BASE, locality: 0 },
      'tensor layer.0.phi [2,1] is missing',
    ],
    ['no positions', softmax, { ...BASE, locality: 0 }, 'tensor position [1,8] is missing'],
    ['no gains', BASE, { ...BASE, norm: 'rms' }, 'tensor layer.0.attention_norm [8] is missing'],
    [
      'a table of another length',
      { ...softmax, attention: { ...softmax.attention, encoding: 'absolute', maxLength: 4 } as never },
      { ...softmax, attention: { ...softmax.attention, encoding: 'absolute', maxLength: 5 } as never },
      'tensor position: shape [4,8], expected [5,8]',
    ],
  ])('%s', (_, tensorsOf, config, says) => {
    expect(mixed(tensorsOf, config)).toThrow(InputError);
    expect(mixed(tensorsOf, config)).toThrow(`mixed: ${says}`);
  });

  const absolute = { rule: 'softmax', encoding: 'absolute', logScale: false, scale: 1 };
  test.each<[string, object, RegExp]>([
    ['0 layers', { layers: 0 }, /layers: .*>=1/],
    ['13 layers', { layers: 13 }, /layers: .*<=12/],
    ['an unknown norm', { norm: 'layer' }, /norm: /],
    ['period with softmax', { ...softmax, period: 2 }, /period: 2: softmax attention has period 1/],
    ['τ with softmax', { ...softmax, locality: 2 }, /locality: 2: softmax attention has locality 0/],
    [
      'no table length',
      { ...softmax, attention: absolute },
      /attention\.maxLength: encoding absolute needs it/,
    ],
    [
      'a base without RoPE',
      { ...softmax, attention: { ...softmax.attention, ropeBase: 10 } },
      /attention\.ropeBase: encoding none has none/,
    ],
    [
      'logScale with a limit rule',
      { attention: { ...BASE.attention, logScale: true } },
      /attention: .*"logScale"/,
    ],
    [
      'precision with softmax',
      { ...softmax, attention: { ...softmax.attention, precision: 'finite' } },
      /attention: .*"precision"/,
    ],
    [
      'odd keyWidth with RoPE',
      { ...softmax, keyWidth: 7, attention: { ...absolute, encoding: 'rope', ropeBase: 10 } },
      /keyWidth: 7 is odd: rope turns pairs of coordinates/,
    ],
    [
      'an unknown encoding',
      { ...softmax, attention: { ...absolute, encoding: 'xpos' } },
      /attention\.encoding: .*alibi/,
    ],
    ['an attention that is no object', { attention: 'softmax' }, /attention: /],
  ])('metadata: %s', (_, change, says) => {
    expect(mixed(BASE, { ...BASE, ...change })).toThrow(InputError);
    expect(mixed(BASE, { ...BASE, ...change })).toThrow(says);
  });
});

test('flatten and unflatten are inverse, and every tensor starts at a multiple of four floats', () => {
  for (const { model } of goldens()) {
    const layout = layoutOf(model.config);
    expect(unflatten(layout, flatten(layout, model.tensors))).toEqual(model.tensors);
    for (const slot of layout.slots) expect(slot.offset % 4).toBe(0);
  }
});
