import { describe, expect, test } from 'vitest';
import { flatten, layoutOf, tensorShapes, unflatten } from '../../../src/model/layout.ts';
import { readModel, writeModel } from '../../../src/model/safetensors.ts';
import type { Model, ModelConfig } from '../../../src/shared/model-config.ts';
import { goldens } from '../../support/golden.ts';

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
  attention: { precision: 'infinite', scale: 1 },
};

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
    expect(JSON.parse(header.__metadata__.lengthwise)).toEqual(TINY);
    expect(file.length).toBe(8 + headerBytes + 28);
    expect(view.getFloat32(file.length - 4, true)).toBe(7);
  });

  test.each(goldens())('reads $name and writes it back the same', ({ model }) => {
    const again = readModel(writeModel(model), 'again');
    expect(again).toEqual(model);
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

test('flatten and unflatten are inverse, and every tensor starts at a multiple of four floats', () => {
  for (const { model } of goldens()) {
    const layout = layoutOf(model.config);
    expect(unflatten(layout, flatten(layout, model.tensors))).toEqual(model.tensors);
    for (const slot of layout.slots) expect(slot.offset % 4).toBe(0);
  }
});
