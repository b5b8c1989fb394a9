import { encodingOf } from '../../model/encodings/registry.ts';
import { type Dispatch, WORKGROUP } from '../dispatch.ts';
import type { Memory } from '../memory.ts';
import type { RowSet } from '../row-set.ts';
import type { AttentionShape } from './inputs.ts';
import { run } from './kernels.ts';

/** Turns queries or keys [rows, H, keyWidth] in place by their positions' angles (docs/theory.md §10, RoPE), or back. */
export function rotate(
  memory: Memory,
  shape: AttentionShape,
  { space, starts, positions, rows, replicas }: RowSet,
  values: GPUBuffer,
  back = false,
): Promise<Dispatch> {
  const { model, keyWidth } = shape;
  const { frequency } = encodingOf(model.attention);
  const turns = Uint32Array.from({ length: Math.ceil(model.keyWidth / 2) }, (_, a) =>
    Math.round((frequency(model, a) / (2 * Math.PI)) * 2 ** 32),
  );
  return run(memory, 'rotateRows', shape, {
    buffers: { space, starts, positions, turns: memory.upload('turns', turns), values },
    groups: [Math.ceil((rows * model.heads) / WORKGROUP), replicas, 1],
    constants: { BACK: back, KEY_ROW: keyWidth, DK: model.keyWidth },
  });
}
