import type { EngineEvent } from '../shared/protocol.ts';

export type FailureReason = Extract<EngineEvent, { event: 'failed' }>['reason'];

/** A failure of the WebGPU side, with the reason that tells the Node side whether a retry can help. */
export class EngineFailure extends Error {
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineFailure';
    this.reason = reason;
  }
}
