import { flatten, layoutOf } from '../model/layout.ts';
import { packTokens, toBase64 } from '../shared/base64.ts';
import { MachineError } from '../shared/errors.ts';
import type { Model } from '../shared/model-config.ts';
import type { AdapterInfo, AdapterPreference } from '../shared/protocol.ts';
import { ask } from './ask.ts';
import type { Session } from './session.ts';

/** Tokens that travel in one request: keeps messages small and progress alive. */
const REQUEST_TOKENS = 2 ** 22;

/** f(x) of many sequences on the device, in as many requests as their tokens need. */
export class DeviceEvaluator {
  /** Known after the first request. */
  adapter: AdapterInfo | undefined;
  private readonly weights: string;
  private readonly session: Session;
  private readonly preference: AdapterPreference;
  private readonly model: Model;

  constructor(session: Session, preference: AdapterPreference, model: Model) {
    this.session = session;
    this.preference = preference;
    this.model = model;
    this.weights = toBase64(flatten(layoutOf(model.config), model.tensors));
  }

  /**
   * Read-outs at the last position [sequence][output].
   * @throws MachineError when the device fails or a read-out is not finite.
   */
  async evaluate(sequences: readonly Uint8Array[]): Promise<number[][]> {
    const outputs: number[][] = [];
    while (outputs.length < sequences.length) {
      const first = outputs.length;
      let tokens = sequences[first]!.length;
      let end = first + 1;
      while (end < sequences.length && tokens + sequences[end]!.length <= REQUEST_TOKENS)
        tokens += sequences[end++]!.length;
      outputs.push(...(await this.request(sequences.slice(first, end))));
    }
    return outputs;
  }

  private async request(sequences: Uint8Array[]): Promise<number[][]> {
    const final = await ask(this.session, 'computed', {
      op: 'forward',
      adapter: this.preference,
      model: this.model.config,
      weights: this.weights,
      sequences: packTokens(sequences),
      allPositions: false,
      kernel: 'linear',
    });
    this.adapter = final.adapter;
    return final.outputs.map(([row]) => {
      if (row!.includes(null))
        throw new MachineError('f(x) is not finite in float32', "Are the model's weights very large?");
      return row as number[];
    });
  }
}
