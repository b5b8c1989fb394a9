import Table from 'cli-table3';
import { z } from 'zod';
import { gpujsComputes } from '../gpujs/models.ts';
import type { GpujsMode } from '../gpujs/protocol.ts';
import { encodingOf } from '../model/encodings/registry.ts';
import { flatten, layoutOf } from '../model/layout.ts';
import { isLinear, type Path, pathsOf } from '../model/paths.ts';
import { regimesOf } from '../model/regime.ts';
import { ruleOf } from '../model/rules/registry.ts';
import { referenceForward } from '../reference/forward.ts';
import { ask } from '../runtime/ask.ts';
import type { Runtime } from '../runtime/session.ts';
import { adapterName } from '../shared/adapter.ts';
import { packTokens, toBase64 } from '../shared/base64.ts';
import { InputError } from '../shared/errors.ts';
import type { Model, ModelConfig } from '../shared/model-config.ts';
import { trainingText } from '../shared/training.ts';
import { longestSequence } from '../tasks/laws/registry.ts';
import { depthOf } from '../theory/defined.ts';
import { onGpujs } from './forward-gpujs.ts';
import type { Kernel, VariantChoice } from './kernel-names.ts';
import { chooseVariants } from './kernel-variant.ts';
import { withEngine } from './machine.ts';
import { readUserModel } from './model-context.ts';
import type { MachineOptions } from './options.ts';
import { log, print, printJson } from './output.ts';
import { readUserJson } from './user-json.ts';

export interface ForwardOptions extends MachineOptions {
  /** Unless given: `linear` where there is a linear-time path, else `dense`. */
  kernel?: Kernel;
  kernelVariant: VariantChoice;
  gpujsMode?: GpujsMode;
  allPositions: boolean;
  json: boolean;
}

/** Read-outs `[sequence][position][output]`; one position unless all were asked for. Null: not finite. */
export type Outputs = (number | null)[][][];

/** Read-outs with what computed them. `deviceBytes` is null where no device memory is counted. */
export interface Computed {
  outputs: Outputs;
  runtime: Runtime | 'node';
  adapter: string | null;
  deviceBytes: number | null;
  /** How each layer was computed on the device. */
  paths?: Path[];
  /** Kernels of dense attention that ran. */
  variants?: string[] | undefined;
}

const TOKENS_BYTES = 2 ** 28;

const tokensSchema = z.strictObject({ sequences: z.array(z.array(z.number())).min(1) });

/** `lengthwise forward`: f(x) of each sequence of a tokens file. */
export async function forward(modelFile: string, tokensFile: string, options: ForwardOptions): Promise<void> {
  const model = await readUserModel(modelFile);
  const kernel = options.kernel ?? (isLinear(model.config) ? 'linear' : 'dense');
  checkKernel(kernel, model, options);
  const sequences = await readTokens(tokensFile, model);
  const { outputs, runtime, adapter, deviceBytes, ...ran } = await compute(kernel, model, sequences, options);
  const { variants, paths } = ran;
  if (options.json) {
    const shaped = options.allPositions ? outputs : outputs.map(rows => rows[0]);
    const regimes = regimesOf(model) ?? null;
    const { training = null } = model;
    printJson({ outputs: shaped, kernel, paths, variants, runtime, adapter, regimes, deviceBytes, training });
    return;
  }
  const table = new Table({ head: ['sequence', 'position', 'f(x)'], style: { head: [], border: [] } });
  outputs.forEach((rows, s) => {
    rows.forEach((row, i) => {
      const position = options.allPositions ? i + 1 : sequences[s]!.length;
      table.push([
        s,
        position,
        row.map(value => (value === null ? 'not finite' : value.toPrecision(7))).join('  '),
      ]);
    });
  });
  print(table.toString());
  // A dense kernel's layers are all dense.
  const how = [...(kernel === 'linear' ? (paths ?? []) : []), ...(variants ?? [])].join(', ');
  if (model.training) print(`Trained on ${trainingText(model.training)}`);
  print(`kernel ${kernel}${how && ` (${how})`} on ${adapter ?? 'the CPU, float64'}`);
}

/** @throws InputError for a kernel that does not compute the model, or has not what was asked of it. */
function checkKernel(kernel: Kernel, { config }: Model, { kernelVariant, gpujsMode }: ForwardOptions): void {
  if (kernel !== 'dense' && kernelVariant !== 'auto')
    throw new InputError(
      `--kernel-variant ${kernelVariant}: the ${kernel} kernel has no variants`,
      'Give --kernel dense with it.',
    );
  if (gpujsMode !== undefined && kernel !== 'gpujs')
    throw new InputError(`--gpujs-mode means nothing to --kernel ${kernel}`, 'Use it with --kernel gpujs.');
  if (kernel === 'linear' && !isLinear(config))
    throw new InputError(
      `--kernel linear: there is no linear-time path for ${kindText(config)}`,
      'Give --kernel dense, which computes every model.',
    );
  if (kernel === 'gpujs' && !gpujsComputes(config))
    throw new InputError(
      `--kernel gpujs: not written for ${kindText(config)}, only for limit rules without a norm`,
      'Give --kernel dense or --kernel reference, which compute every model.',
    );
}

/** A model's rule, norm and depth. */
function kindText(config: ModelConfig): string {
  return `${depthOf(config)}, ${ruleOf(config.attention).describe(config.attention)}, norm ${config.norm}`;
}

function compute(
  kernel: Kernel,
  model: Model,
  sequences: number[][],
  options: ForwardOptions,
): Computed | Promise<Computed> {
  if (kernel === 'reference') return onReference(model, sequences, options.allPositions);
  if (kernel === 'gpujs') return onGpujs(model, sequences, options);
  return onDevice(kernel, model, sequences, options);
}

function onReference(model: Model, sequences: number[][], allPositions: boolean): Computed {
  const outputs = sequences.map(tokens => {
    const rows = referenceForward(model, tokens).outputs.map(row => [...row]);
    return allPositions ? rows : rows.slice(-1);
  });
  return { outputs, runtime: 'node', adapter: null, deviceBytes: null };
}

async function onDevice(
  kernel: 'linear' | 'dense',
  model: Model,
  sequences: number[][],
  options: ForwardOptions,
): Promise<Computed> {
  const { adapter, allPositions, kernelVariant } = options;
  const paths = forwardPaths(model.config, kernel, allPositions);
  return withEngine(options, 'forward', log, async session => {
    const longest = Math.max(...sequences.map(({ length }) => length));
    const work = { model: model.config, paths, sequences: sequences.length, longest, allPositions };
    const weights = toBase64(flatten(layoutOf(model.config), model.tensors));
    const final = await ask(session, 'computed', {
      op: 'forward',
      adapter,
      model: model.config,
      weights,
      sequences: packTokens(sequences),
      allPositions,
      kernel,
      ...(kernel === 'dense'
        ? { variants: await chooseVariants(session, adapter, kernelVariant, work) }
        : {}),
    });
    const { outputs, deviceBytes } = final;
    const { runtime } = session;
    const { variants } = final;
    return { outputs, runtime, adapter: adapterName(final.adapter), deviceBytes, paths, variants };
  });
}

/** How the engine computes each layer: `linear` reads every prefix at its last position (engine/forward.ts). */
function forwardPaths(config: ModelConfig, kernel: 'linear' | 'dense', allPositions: boolean): Path[] {
  return kernel === 'dense'
    ? pathsOf(config, allPositions ? 'every' : 'last', 'dense')
    : pathsOf(config, 'last');
}

/** The sequences of a tokens file, valid for a model's vocabulary and positions. Throws `InputError` naming sequence and position. */
async function readTokens(file: string, { config }: Model): Promise<number[][]> {
  const fix = 'Expected {"sequences": [[0, 1, …], …]}, tokens from 0 to vocabulary − 1.';
  const { sequences } = await readUserJson(file, TOKENS_BYTES, tokensSchema, fix);
  const longest = longestSequence(config.vocabulary, 1);
  const rows = encodingOf(config.attention).longest(config);
  sequences.forEach((sequence, s) => {
    if (sequence.length === 0) throw new InputError(`${file}: sequence ${s} is empty`, fix);
    if (sequence.length > longest)
      throw new InputError(`${file}: sequence ${s} has ${sequence.length} tokens, more than ${longest}`, fix);
    if (sequence.length > rows)
      throw new InputError(
        `${file}: sequence ${s} has ${sequence.length} tokens, and the model's position table has ${rows} rows (maxLength)`,
        'Shorten it, or train a model with a larger maxLength.',
      );
    const bad = sequence.findIndex(
      token => !Number.isInteger(token) || token < 0 || token >= config.vocabulary,
    );
    if (bad >= 0) {
      const what = `token ${sequence[bad]} at position ${bad + 1} of sequence ${s}`;
      throw new InputError(`${file}: ${what} is not one of 0…${config.vocabulary - 1}`, fix);
    }
  });
  return sequences;
}
