import type { EngineEvent, Request } from '../shared/protocol.ts';
import type { Device } from './device.ts';
import { EngineFailure } from './failure.ts';

/** Stands here until the engine's network computes any layer by dense attention. */
export async function denseForward(
  _device: Device,
  _request: Extract<Request, { op: 'forward' }>,
): Promise<Extract<EngineEvent, { event: 'computed' }>> {
  throw new EngineFailure('bad-request', 'dense forward passes are being rebuilt');
}
