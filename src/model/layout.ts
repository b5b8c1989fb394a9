import type { ModelConfig, Tensors } from '../shared/model-config.ts';
import { encodingOf } from './encodings/registry.ts';
import { ruleOf } from './rules/registry.ts';

/** One tensor inside a replica's flat parameter block. `offset` and `size` count floats. */
export interface TensorSlot {
  name: string;
  shape: number[];
  offset: number;
  size: number;
}

/** Where every tensor of a model lies in a replica's flat parameter block. `stride` floats a replica. */
export interface Layout {
  slots: TensorSlot[];
  /** Floats a replica, padded to a multiple of 4 so that vec4 loads stay aligned. */
  stride: number;
}

/** Tensor names and shapes of a config, in file order (docs/model-file.md). */
export function tensorShapes(config: ModelConfig): { name: string; shape: number[] }[] {
  const { layers, heads: H, width: d, keyWidth, mlpWidth: m, vocabulary, outputs, norm, attention } = config;
  const positionRows = encodingOf(attention).positionRows(config);
  const gain = (name: string) => (norm === 'rms' ? [{ name, shape: [d] }] : []);
  const layer = (l: number) =>
    [
      ...gain('attention_norm'),
      { name: 'query', shape: [H, keyWidth, d] },
      { name: 'key', shape: [H, keyWidth, d] },
      { name: 'value', shape: [H, d, d] },
      ...ruleOf(attention).tensors(config),
      ...(m === 0
        ? []
        : [
            ...gain('mlp_norm'),
            { name: 'mlp_in', shape: [m, d] },
            { name: 'mlp_bias', shape: [m] },
            { name: 'mlp_out', shape: [d, m] },
          ]),
    ].map(({ name, shape }) => ({ name: `layer.${l}.${name}`, shape }));
  return [
    { name: 'embed', shape: [vocabulary, d] },
    ...(positionRows > 0 ? [{ name: 'position', shape: [positionRows, d] }] : []),
    ...Array.from({ length: layers }, (_, l) => layer(l)).flat(),
    ...gain('final_norm'),
    { name: 'unembed', shape: [outputs, d] },
  ];
}

/** The flat layout of a config's parameters. Every tensor starts at a multiple of 4 floats. */
export function layoutOf(config: ModelConfig): Layout {
  let offset = 0;
  const slots = tensorShapes(config).map(({ name, shape }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const slot = { name, shape, offset, size };
    offset += Math.ceil(size / 4) * 4;
    return slot;
  });
  return { slots, stride: offset };
}

/** The slot of a tensor. Throws when the config has no such tensor. */
export function slotOf(layout: Layout, name: string): TensorSlot {
  const slot = layout.slots.find(s => s.name === name);
  if (!slot) throw new Error(`no tensor named ${name} in this layout`);
  return slot;
}

/** Copies named tensors into a flat block of `layout.stride` floats. */
export function flatten(layout: Layout, tensors: Tensors): Float32Array {
  const flat = new Float32Array(layout.stride);
  for (const slot of layout.slots) flat.set(tensors[slot.name]!, slot.offset);
  return flat;
}

/** The named tensors of a flat block: the inverse of `flatten`. Copies. */
export function unflatten(layout: Layout, flat: Float32Array): Tensors {
  return Object.fromEntries(layout.slots.map(s => [s.name, flat.slice(s.offset, s.offset + s.size)]));
}
