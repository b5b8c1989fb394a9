import { flatten, layoutOf } from '../../../model/layout.ts';
import { packTokens, toBase64 } from '../../../shared/base64.ts';
import type { Model } from '../../../shared/model-config.ts';
import type { EngineEvent, Request } from '../../../shared/protocol.ts';

/** What the engine's module puts into the window, and wants there. */
interface EngineWindow {
  lengthwise?: { handle(requestJson: string): Promise<void> };
  lengthwiseEmit?: (json: string) => Promise<void>;
}

/** What the engine computed. */
export interface Computed {
  /** f of every prefix [T][outputs]; null is not finite. */
  outputs: (number | null)[][];
  /** What it ran on. */
  adapter: string;
}

const here = window as unknown as EngineWindow;
let loading: Promise<unknown> | undefined;
/** One request at a time: the engine serves no more. */
let last: Promise<unknown> = Promise.resolve();

/**
 * f of every prefix on WebGPU, by the module that trains: the same kernels in this browser.
 * @throws Error in words where there is no WebGPU, or the engine fails
 */
export function askEngine(model: Model, tokens: number[]): Promise<Computed> {
  const answer = last.then(() => compute(model, tokens));
  last = answer.catch(() => {});
  return answer;
}

async function compute(model: Model, tokens: number[]): Promise<Computed> {
  if (!navigator.gpu) throw new Error('this browser has no WebGPU');
  const events: EngineEvent[] = [];
  here.lengthwiseEmit = async json => void events.push(JSON.parse(json));
  const path = new URL('engine/engine.js', document.baseURI).href;
  loading ??= import(/* @vite-ignore */ path);
  await loading;
  const request: Request = {
    op: 'forward',
    adapter: 'auto',
    model: model.config,
    weights: toBase64(flatten(layoutOf(model.config), model.tensors)),
    sequences: packTokens([Uint8Array.from(tokens)]),
    allPositions: true,
    kernel: 'dense',
  };
  await here.lengthwise!.handle(JSON.stringify(request));
  const final = events.at(-1);
  if (final?.event === 'failed') throw new Error(final.message);
  if (final?.event !== 'computed') throw new Error('the engine gave no answer');
  const { vendor, architecture, description, software } = final.adapter;
  const name = description || [vendor, architecture].filter(Boolean).join(' ') || 'an adapter without a name';
  return { outputs: final.outputs[0]!, adapter: `${name}${software ? ' (software)' : ''}` };
}
