/// <reference types="@webgpu/types" />
import { givenDevice } from '../engine/device.ts';
import { forward } from '../engine/forward.ts';
import { flatten, layoutOf } from '../model/layout.ts';
import { isLinear, type Path, pathsOf } from '../model/paths.ts';
import { readModel, writeModel } from '../model/safetensors.ts';
import { referenceForward } from '../reference/forward.ts';
import type { DenseVariant } from '../shared/attention-variants.ts';
import { packTokens, toBase64 } from '../shared/base64.ts';
import { InputError } from '../shared/errors.ts';
import { type AnyModel, type Model, type ModelConfig, modelConfigSchema } from '../shared/model-config.ts';

export type { AnyModel, DenseVariant, Model, ModelConfig, Path };
export { modelConfigSchema, readModel, writeModel };

export interface EvaluateOptions {
  /**
   * `linear` goes through class histograms, in O(T) where a model has such a path; `dense` is O(T²) attention. Linear where there is one,
   * unless given.
   */
  kernel?: 'linear' | 'dense';
  /** f of every prefix, not of whole sequences alone. */
  allPositions?: boolean;
  /** Kernels of dense attention, for layers of which every row is wanted and for the last; those that suit the device unless given. */
  variants?: { whole?: DenseVariant; last?: DenseVariant };
}

/** Read-outs `[sequence][position][output]`, one position unless all were asked for; null is not finite. */
export type Outputs = (number | null)[][][];

/** A model's f(x) on a device of the caller's. */
export interface DeviceModel {
  config: ModelConfig;
  /**
   * f of each sequence, whose tokens are whole numbers below the vocabulary. Memory is freed before it ends.
   * @throws InputError for a bad sequence or a kernel that does not compute the model, EngineFailure when the device fails.
   */
  evaluate(sequences: readonly ArrayLike<number>[], options?: EvaluateOptions): Promise<Outputs>;
  /** How each layer is computed. */
  paths(options?: EvaluateOptions): Path[];
}

/** A model on the caller's device; what `readModel` gives of a safetensors file. */
export function modelOn(gpu: GPUDevice, model: Model): DeviceModel {
  const { config } = model;
  const device = givenDevice(gpu);
  const weights = toBase64(flatten(layoutOf(config), model.tensors));
  const kernelOf = (kernel: EvaluateOptions['kernel']) => {
    if (kernel === 'linear' && !isLinear(config))
      throw new InputError('kernel linear: this model has no linear-time path', 'Take kernel dense.');
    return kernel ?? (isLinear(config) ? 'linear' : 'dense');
  };
  return {
    config,
    async evaluate(sequences, { kernel, allPositions = false, variants } = {}) {
      sequences.forEach((sequence, s) => {
        checkSequence(config, sequence, s);
      });
      if (sequences.length === 0) return [];
      const { outputs } = await forward(device, {
        op: 'forward',
        adapter: 'auto',
        model: config,
        weights,
        sequences: packTokens(sequences.map(tokens => Uint8Array.from(tokens))),
        allPositions,
        kernel: kernelOf(kernel),
        ...(variants ? { variants } : {}),
      });
      return outputs;
    },
    paths: ({ kernel, allPositions = false } = {}) =>
      pathsOf(
        config,
        allPositions && kernelOf(kernel) === 'dense' ? 'every' : 'last',
        kernelOf(kernel) === 'dense' ? 'dense' : 'fastest',
      ),
  };
}

/** f of every prefix and every head's attention, in float64 by plain loops. */
export interface Explained {
  /** [position][output] */
  outputs: number[][];
  /** α: [layer][head][query][key ≤ query], rows sum to 1. */
  attention: number[][][][];
}

/**
 * A model at every position in float64 on the CPU, straight from the definitions (docs/theory.md §§1, 10): O(T²) a layer.
 * @throws InputError for a bad sequence.
 */
export function explain(model: AnyModel, tokens: ArrayLike<number>): Explained {
  checkSequence(model.config, tokens, 0);
  const { layers, outputs } = referenceForward(model, tokens);
  return {
    outputs: outputs.map(row => [...row]),
    attention: layers.map(({ attention }) => attention.map(head => head.map(row => [...row]))),
  };
}

function checkSequence({ vocabulary, attention }: ModelConfig, tokens: ArrayLike<number>, s: number): void {
  if (tokens.length === 0) throw new InputError(`sequence ${s} is empty`, 'Give at least one token.');
  const most = 'maxLength' in attention ? (attention.maxLength ?? Infinity) : Infinity;
  if (tokens.length > most)
    throw new InputError(
      `sequence ${s} has ${tokens.length} tokens; this model's table of positions ends at ${most}`,
    );
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (!Number.isInteger(token) || token < 0 || token >= vocabulary)
      throw new InputError(
        `sequence ${s}, position ${i + 1}: token ${token}`,
        `Tokens are whole numbers from 0 to ${vocabulary - 1}.`,
      );
  }
}
