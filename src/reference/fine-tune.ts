import { learningRateMultipliers } from '../model/initialise.ts';
import { flatten, layoutOf, unflatten } from '../model/layout.ts';
import type { Model } from '../shared/model-config.ts';
import type { Optimiser } from '../shared/protocol.ts';
import { type Drawing, sampleSequence } from '../tasks/sample.ts';
import { adamState, adamStep } from './adam.ts';
import { referenceGradient } from './backward.ts';

export interface FineTuning {
  /** Which sequences: `step` 0 is the first. */
  drawing: Omit<Drawing, 'step'>;
  steps: number;
  batch: number;
  learningRate: number;
  optimiser: Optimiser;
  /** Width at which μP's multipliers are 1. */
  baseWidth: number;
  onStep?: (step: number, loss: number) => void;
}

/**
 * A model trained on with the float64 twins of every kernel, its heads as they are: no φ changes, and no value of a head whose values are
 * all 0 (a pruned one). For small models: O(batch · T²) a step, on one core. `losses`: before each step.
 */
export function fineTune(
  model: Model,
  { drawing, steps, batch, learningRate, optimiser, baseWidth, onStep }: FineTuning,
): { model: Model; losses: number[] } {
  const { config } = model;
  const layout = layoutOf(config);
  const state = adamState(flatten(layout, model.tensors));
  const multipliers = learningRateMultipliers(config, baseWidth);
  const free = freeOf(model);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const sequences = Array.from({ length: batch }, (_, b) => sampleSequence({ ...drawing, step }, b));
    const tensors = Object.fromEntries(
      layout.slots.map(slot => [slot.name, state.parameters.subarray(slot.offset, slot.offset + slot.size)]),
    );
    const { loss, gradient } = referenceGradient({ config, tensors }, sequences);
    losses.push(loss);
    onStep?.(step, loss);
    const flat = new Float64Array(layout.stride);
    for (const slot of layout.slots) flat.set(gradient[slot.name]!, slot.offset);
    adamStep(
      state,
      flat.map((g, i) => (free[i] === 1 ? g : 0)),
      step + 1,
      { optimiser, learningRate, multipliers, steps },
    );
  }
  return { model: { config, tensors: unflatten(layout, Float32Array.from(state.parameters)) }, losses };
}

/** 1 for every parameter that may move. Adam leaves one alone whose gradient was always 0. */
function freeOf({ config, tensors }: Model): Uint8Array {
  const layout = layoutOf(config);
  const free = new Uint8Array(layout.stride).fill(1);
  const head = config.width ** 2;
  for (const { name, offset, size } of layout.slots) {
    if (name.endsWith('.phi')) free.fill(0, offset, offset + size);
    if (!name.endsWith('.value')) continue;
    for (let at = 0; at < size; at += head)
      if (tensors[name]!.subarray(at, at + head).every(x => x === 0))
        free.fill(0, offset + at, offset + at + head);
  }
  return free;
}
