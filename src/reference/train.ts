import { encodingOf } from '../model/encodings/registry.ts';
import { initialise, learningRateMultipliers } from '../model/initialise.ts';
import { type Layout, layoutOf } from '../model/layout.ts';
import type { Tensors } from '../shared/model-config.ts';
import type { Pack } from '../shared/protocol.ts';
import { STREAM, streamKey } from '../shared/random.ts';
import { onDevice } from '../shared/task.ts';
import { taskOf } from '../tasks/registry.ts';
import { sampleSequence } from '../tasks/sample.ts';
import { adamState, adamStep } from './adam.ts';
import { referenceGradient } from './backward.ts';

/** Losses of the first steps of one replica of a pack, and its weights after them, float64, flat in layout order. */
export interface ReferenceTraining {
  losses: number[];
  parameters: Float64Array;
}

/** Changes the gradient of a tensor at a step, in place: how far do errors of a kernel carry? */
export type Disturbance = (gradient: Float64Array, step: number) => void;

/** Trains one replica of a pack of a built-in task for its first `count` steps with the twins of every kernel. */
export function referenceTrain(
  pack: Pack,
  replica: number,
  count: number,
  disturb: Disturbance = () => {},
): ReferenceTraining {
  const { model, optimiser, steps, phiInit, baseWidth } = pack;
  const { seed, trainLength, learningRate, alphaThousandths, knobs } = pack.replicas[replica]!;
  const layout = layoutOf(model);
  const state = adamState(initialise(model, { phiInit, baseWidth, seed }));
  const multipliers = learningRateMultipliers(model, baseWidth);
  const { lengthMode, positions } = pack;
  const task = onDevice(pack.task);
  const offsets = pack.positionOffset === 'random' ? encodingOf(model.attention).longest(model) : null;
  const key = streamKey(seed, STREAM.train);
  const losses: number[] = [];
  for (let step = 0; step < count; step++) {
    const drawing = {
      task: taskOf(task.name),
      knobs,
      law: task.law.name,
      alphaThousandths,
      lengthMode,
      length: trainLength,
      positions,
      offsets,
      key,
      step,
    };
    const batch = Array.from({ length: pack.batch }, (_, b) => sampleSequence(drawing, b));
    const { loss, gradient } = referenceGradient(
      { config: model, tensors: named(layout, state.parameters) },
      batch,
      pack.loss,
    );
    losses.push(loss);
    const flat = new Float64Array(layout.stride);
    for (const slot of layout.slots) {
      disturb(gradient[slot.name]!, step);
      flat.set(gradient[slot.name]!, slot.offset);
    }
    adamStep(state, flat, step + 1, { optimiser, learningRate, multipliers, steps });
  }
  return { losses, parameters: state.parameters };
}

function named(layout: Layout, flat: Float64Array): Tensors<Float64Array> {
  return Object.fromEntries(
    layout.slots.map(slot => [slot.name, flat.subarray(slot.offset, slot.offset + slot.size)]),
  );
}
