import { type GPU, type IKernelRunShortcut, Input } from 'gpu.js';
import { ruleOf } from '../model/rules/registry.ts';
import type { ModelConfig, Tensors } from '../shared/model-config.ts';
import {
  average,
  type Constants,
  finish,
  hidden,
  highest,
  project,
  readOut,
  residual,
  score,
  total,
  weigh,
} from './kernels.ts';

/** What kernels pass on: a texture, a buffer or nested arrays, wherever gpu.js keeps them. */
export type Resident = unknown;

/** A kernel in async mode: every backend answers with a promise. */
type Kernel = (...parameters: unknown[]) => Promise<unknown>;

/** Row-major numbers as gpu.js takes them; `shape` is given outermost first, as everywhere else here. */
export function matrix(values: ArrayLike<number>, shape: number[]): Input {
  // The declared types are narrower than what it takes.
  const flat = Float32Array.from(values) as unknown as number[];
  return new Input(flat, shape.slice().reverse() as [number, number, number]);
}

/** The constants of a model's kernels. */
export function constantsOf({ attention, ...config }: ModelConfig): Constants {
  const { width, keyWidth, mlpWidth, heads, locality, activation } = config;
  const rule = ruleOf(attention);
  return {
    width,
    keyWidth,
    mlpWidth,
    heads,
    locality,
    scale: attention.scale,
    finite: rule.kind === 'finite' ? 1 : 0,
    smallest: rule.leastWeight(attention),
    gelu: activation === 'gelu' ? 1 : 0,
  };
}

/** Translates kernels for one length T. `built` collects them, to be destroyed together. */
export function compiler(gpu: GPU, constants: Constants, built: IKernelRunShortcut[]) {
  return (source: unknown, output: number[], { last = false } = {}): Kernel => {
    const kernel = gpu.createKernel(source as never, {
      output,
      constants,
      pipeline: !last,
      asyncMode: true,
      precision: 'single',
      tactic: 'precision',
    }) as IKernelRunShortcut;
    kernel.setLoopMaxIterations(1 + Math.max(...output, ...Object.values(constants)));
    built.push(kernel);
    return (...parameters) => Promise.resolve(kernel(...(parameters as never[])));
  };
}

type Compile = ReturnType<typeof compiler>;

/**
 * One layer over T positions: y [T][d] → y' [T][d]. Its kernels are its own: a kernel of gpu.js writes the same memory each time, so that
 * two layers that shared theirs would read what they write.
 */
export function layer(
  compile: Compile,
  { config, tensors }: { config: ModelConfig; tensors: Tensors },
  l: number,
  T: number,
) {
  const { heads: H, width: d, keyWidth, mlpWidth: m, locality } = config;
  const tensor = (name: string, shape: number[]) => matrix(tensors[`layer.${l}.${name}`]!, shape);
  const keyMatrix = tensor('key', [H, keyWidth, d]);
  const queryMatrix = tensor('query', [H, keyWidth, d]);
  const value = tensor('value', [H, d, d]);
  const phi = tensor('phi', [H, locality + 1]);
  const [keysOf, queriesOf] = [compile(project, [keyWidth, T, H]), compile(project, [keyWidth, T, H])];
  const scoresOf = compile(score, [T, T, H]);
  const highestOf = compile(highest, [T, H]);
  const weightsOf = compile(weigh, [T, T, H]);
  const totalsOf = compile(total, [T, H]);
  const meansOf = compile(average, [d, T, H]);
  const residualOf = compile(residual, [d, T]);
  const mlp = m > 0 && {
    hidden: compile(hidden, [m, T]),
    finish: compile(finish, [d, T]),
    mlpIn: tensor('mlp_in', [m, d]),
    bias: matrix(tensors[`layer.${l}.mlp_bias`]!, [m]),
    mlpOut: tensor('mlp_out', [d, m]),
  };
  return async (y: Resident): Promise<Resident> => {
    const scores = await scoresOf(await keysOf(y, keyMatrix), await queriesOf(y, queryMatrix), phi);
    const weights = await weightsOf(scores, await highestOf(scores));
    const means = await meansOf(y, weights, await totalsOf(weights));
    const rows = await residualOf(y, means, value);
    if (!mlp) return rows;
    return mlp.finish(rows, await mlp.hidden(rows, mlp.mlpIn, mlp.bias), mlp.mlpOut);
  };
}

/** U y at every position: y [T][d] → rows of outputs, on the host. */
export function reader(
  compile: Compile,
  { config, tensors }: { config: ModelConfig; tensors: Tensors },
  T: number,
) {
  const unembed = matrix(tensors.unembed!, [config.outputs, config.width]);
  const read = compile(readOut, [config.outputs, T], { last: true });
  return async (y: Resident) => (await read(y, unembed)) as Float32Array[];
}
