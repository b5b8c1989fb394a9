import { join } from 'node:path';
import { longestFor, MOST_LOGITS } from '../gpujs/lengths.ts';
import type { GpujsMode, GpujsRequest } from '../gpujs/protocol.ts';
import { flatten, layoutOf } from '../model/layout.ts';
import { browserPath } from '../runtime/browser.ts';
import { openGpujsPage } from '../runtime/gpujs.ts';
import { packTokens, toBase64 } from '../shared/base64.ts';
import { InputError, MachineError, messageOf } from '../shared/errors.ts';
import type { Model } from '../shared/model-config.ts';
import type { Computed } from './forward.ts';
import { builtFolder, type MachineOptions } from './options.ts';
import { log } from './output.ts';

interface Options extends MachineOptions {
  allPositions: boolean;
  gpujsMode?: GpujsMode;
}

/**
 * f(x) through gpu.js: in a browser where it finds WebGPU or WebGL2 there, else (or when told so) on the CPU of this process.
 * @throws InputError for sequences that are too long for it, MachineError when the wanted backend is not there.
 */
export async function onGpujs(model: Model, sequences: number[][], options: Options): Promise<Computed> {
  const { adapter, runtime, gpujsMode = 'auto' } = options;
  if (runtime === 'dawn')
    throw new InputError(
      '--kernel gpujs does not run on dawn',
      'Leave --runtime out, or use --gpujs-mode cpu.',
    );
  checkLengths(model, sequences);
  if (gpujsMode === 'cpu') return onCpu(model, sequences, options);
  const modes = gpujsMode === 'auto' ? (['webgpu', 'webgl2'] as const) : ([gpujsMode] as const);
  // Whoever asks for a backend or for hardware is not served by the CPU.
  const lenient = gpujsMode === 'auto' && adapter !== 'hardware';
  if (lenient && !hasBrowser()) {
    log('no browser was found: gpu.js runs on the CPU');
    return onCpu(model, sequences, options);
  }
  try {
    return await inBrowser(model, sequences, [...modes], options);
  } catch (error) {
    if (!lenient || !(error instanceof MachineError)) throw error;
    log(`${messageOf(error)}: gpu.js runs on the CPU`);
    return onCpu(model, sequences, options);
  }
}

function checkLengths({ config: { heads } }: Model, sequences: number[][]): void {
  const longest = longestFor(heads);
  const s = sequences.findIndex(tokens => tokens.length > longest);
  if (s < 0) return;
  throw new InputError(
    `sequence ${s} has ${sequences[s]!.length} tokens, and --kernel gpujs takes at most ${longest}: it keeps heads · T² logits, up to ${MOST_LOGITS}`,
    'Use --kernel linear, which takes any length.',
  );
}

/** Whether there is a browser to try. A wrong `LENGTHWISE_CHROME` still throws. */
function hasBrowser(): boolean {
  try {
    browserPath();
    return true;
  } catch (error) {
    if (process.env.LENGTHWISE_CHROME) throw error;
    return false;
  }
}

async function onCpu(model: Model, sequences: number[][], { allPositions }: Options): Promise<Computed> {
  // Loaded only here: gpu.js takes a third of a second.
  const { gpujsOnCpu } = await import('../gpujs/cpu.ts');
  const { outputs, backends } = await gpujsOnCpu(model, sequences, allPositions);
  return {
    outputs: finite(outputs),
    runtime: 'node',
    adapter: `gpu.js ${backends.join(', ')}`,
    deviceBytes: null,
  };
}

async function inBrowser(
  model: Model,
  sequences: number[][],
  modes: GpujsRequest['modes'],
  { adapter, port, allPositions }: Options,
): Promise<Computed> {
  const request: GpujsRequest = {
    modes,
    adapter,
    model: model.config,
    weights: toBase64(flatten(layoutOf(model.config), model.tensors)),
    sequences: packTokens(sequences),
    allPositions,
  };
  const bundle = join(builtFolder(), 'page', 'gpujs.js');
  const page = await openGpujsPage({ adapter, bundle, port, onLog: log });
  const answer = await page.ask(request).finally(() => page.close());
  if (answer.event === 'failed') throw new MachineError(answer.message, 'Try another --gpujs-mode.');
  if (answer.event === 'absent')
    throw new MachineError(answer.reasons.join('; '), 'Use --gpujs-mode cpu, which runs everywhere.');
  const { outputs, backend, device } = answer;
  return { outputs, runtime: 'chrome', adapter: `gpu.js ${backend} on ${device}`, deviceBytes: null };
}

/** NaN and infinities as JSON has them. */
function finite(outputs: number[][][]): Computed['outputs'] {
  return outputs.map(rows => rows.map(row => row.map(value => (Number.isFinite(value) ? value : null))));
}
