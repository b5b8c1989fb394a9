import * as jax from '@jax-js/jax';
import { initialise, learningRateMultipliers } from '../../model/initialise.ts';
import { layoutOf } from '../../model/layout.ts';
import { learningRateFactor } from '../../model/schedule.ts';
import { isSoftmax } from '../../shared/model-config.ts';
import type { Pack } from '../../shared/protocol.ts';
import { STREAM, streamKey } from '../../shared/random.ts';
import { onDevice } from '../../shared/task.ts';
import { taskOf } from '../../tasks/registry.ts';
import { sampleSequence } from '../../tasks/sample.ts';
import { denseForward, type Fixed, fixedArrays, type Queries, upload, type Weights } from './jax-model.ts';

const { numpy: np } = jax;

/** A batch on the host: tokens [B, T] and targets [B, outputs], row after row. */
export interface Batch {
  tokens: Int32Array<ArrayBuffer>;
  targets: Float32Array<ArrayBuffer>;
}

/** One replica of a pack in jax-js: the weights, sequences and optimiser that the engine starts it with. */
export interface JaxTrainer {
  /** The batch of a step, from 0, drawn on the host as the engine draws it on the device. */
  draw(step: number): Batch;
  /** Mean loss of a batch and its gradient by tensor, of the weights as they are. */
  gradient(batch: Batch): Promise<{ loss: number; gradient: Record<string, Float32Array> }>;
  /** Takes an Adam step; resolves to the loss before it, once that is on the host. */
  step(batch: Batch): Promise<number>;
  dispose(): void;
}

/**
 * Opens a trainer for the first replica of a pack: mean squared error, every sequence at the training length, dense attention, one
 * jit-compiled function a step. jax-js's optimisers are another package, so Adam is written out (shaders/adam.wgsl).
 * @throws Error when jax-js finds no WebGPU, or the pack asks for what this trainer has not.
 */
export async function openJaxTrainer(pack: Pack, queries: Queries = 'every'): Promise<JaxTrainer> {
  const { model, optimiser, batch } = pack;
  const { activation, mlpWidth, attention, norm } = model;
  if (pack.loss !== 'mse' || pack.lengthMode !== 'fixed')
    throw new Error('only the squared error, at a fixed length');
  if (pack.positions !== 'last') throw new Error('only targets at the last position');
  if (isSoftmax(attention) || attention.precision !== 'infinite' || norm !== 'none')
    throw new Error('only infinite precision without norms');
  if (mlpWidth > 0 && activation !== 'relu') throw new Error('only ReLU');
  if (!(await jax.init('webgpu')).includes('webgpu')) throw new Error('jax-js found no WebGPU device');
  jax.defaultDevice('webgpu');
  const { seed, trainLength: T, learningRate, alphaThousandths, knobs } = pack.replicas[0]!;
  const fixed = fixedArrays(model, T);
  let weights = upload(model, Float32Array.from(initialise(model, { ...pack, seed })));
  let [first, second] = [zerosLike(weights), zerosLike(weights)];
  let taken = 0;

  const lossOf = (w: Weights, f: Fixed, tokens: jax.Array, targets: jax.Array) =>
    np
      .square(denseForward(model, w, f, tokens, queries).sub(targets))
      .sum()
      .div(batch);
  const differentiate = jax.jit((w: Weights, f: Fixed, tokens: jax.Array, targets: jax.Array) =>
    jax.valueAndGrad(lossOf)(w, f, tokens, targets),
  );
  const advance = jax.jit(
    (
      w: Weights,
      m: Weights,
      v: Weights,
      f: Fixed,
      tokens: jax.Array,
      targets: jax.Array,
      scalars: jax.Array,
    ) => {
      const [loss, gradient] = jax.valueAndGrad(lossOf)(jax.tree.ref(w), f, tokens, targets);
      return [loss, ...adam(pack, w, m, v, gradient as Weights, scalars)] as [
        jax.Array,
        Weights,
        Weights,
        Weights,
      ];
    },
  );
  const place = ({ tokens, targets }: Batch) =>
    [np.array(tokens).reshape([batch, T]), np.array(targets).reshape([batch, model.outputs])] as const;
  const { name, law } = onDevice(pack.task);
  const drawing = {
    ...{ task: taskOf(name), knobs, law: law.name },
    ...{ alphaThousandths, lengthMode: pack.lengthMode },
    ...{ length: T, positions: pack.positions, offsets: null, key: streamKey(seed, STREAM.train) },
  };
  return {
    draw(step) {
      const examples = Array.from({ length: batch }, (_, b) => sampleSequence({ ...drawing, step }, b));
      return {
        tokens: Int32Array.from(examples.flatMap(({ tokens }) => [...tokens])),
        targets: Float32Array.from(examples.flatMap(({ targets }) => targets[0]!)),
      };
    },
    async gradient(examples) {
      const [loss, gradient] = differentiate(jax.tree.ref(weights), jax.tree.ref(fixed), ...place(examples));
      const entries = Object.entries(gradient as Weights).map(
        async ([name, array]) => [name, (await array.data()) as Float32Array] as const,
      );
      return { loss: (await loss.data())[0]!, gradient: Object.fromEntries(await Promise.all(entries)) };
    },
    async step(examples) {
      taken++;
      const rate = learningRate * learningRateFactor(taken, optimiser, pack.steps);
      const scalars = np.array(
        Float32Array.of(rate, 1 / (1 - optimiser.beta1 ** taken), 1 / (1 - optimiser.beta2 ** taken)),
      );
      const [loss, ...rest] = advance(
        weights,
        first,
        second,
        jax.tree.ref(fixed),
        ...place(examples),
        scalars,
      );
      [weights, first, second] = rest;
      return (await loss.data())[0]!;
    },
    dispose() {
      jax.tree.dispose([weights, first, second, fixed]);
      differentiate.dispose();
      advance.dispose();
    },
  };
}

/** Adam with bias correction, global-norm clipping and μP's rates; `scalars`: rate, 1/(1 − β1^t), 1/(1 − β2^t). */
function adam(
  { model, baseWidth, optimiser: { beta1, beta2, epsilon, clip } }: Pack,
  w: Weights,
  m: Weights,
  v: Weights,
  gradient: Weights,
  scalars: jax.Array,
): [Weights, Weights, Weights] {
  const multipliers = learningRateMultipliers(model, baseWidth);
  const { slots } = layoutOf(model);
  const shrink =
    clip === null
      ? np.array(1)
      : np.minimum(
          np
            .array(clip)
            .div(np.sqrt(slots.map(({ name }) => np.square(gradient[name]!.ref).sum()).reduce(np.add))),
          1,
        );
  const [rate, correct1, correct2] = [0, 1, 2].map(i => scalars.ref.slice(i)) as [
    jax.Array,
    jax.Array,
    jax.Array,
  ];
  scalars.dispose();
  const out: [Weights, Weights, Weights] = [{}, {}, {}];
  for (const { name, offset } of slots) {
    const g = gradient[name]!.mul(shrink.ref);
    const nextM = m[name]!.mul(beta1).add(g.ref.mul(1 - beta1));
    const nextV = v[name]!.mul(beta2).add(np.square(g).mul(1 - beta2));
    const update = nextM.ref
      .mul(correct1.ref)
      .mul(rate.ref)
      .mul(multipliers[offset]!)
      .div(np.sqrt(nextV.ref.mul(correct2.ref)).add(epsilon));
    out[0][name] = w[name]!.sub(update);
    out[1][name] = nextM;
    out[2][name] = nextV;
  }
  for (const array of [shrink, rate, correct1, correct2]) array.dispose();
  return out;
}

function zerosLike(weights: Weights): Weights {
  return Object.fromEntries(Object.entries(weights).map(([name, array]) => [name, np.zeros(array.shape)]));
}
