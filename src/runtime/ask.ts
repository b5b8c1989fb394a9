import { MachineError } from '../shared/errors.ts';
import type { Request } from '../shared/protocol.ts';
import { type Final, type Listeners, type Session, SessionLost } from './conversation.ts';

/** What was asked for does not fit into the device's memory. Half of it may. */
export class OutOfMemory extends MachineError {}

/** What was asked for is nothing that this engine does, on any machine. */
export class Refused extends MachineError {}

/**
 * Asks the engine, and expects an answer of the named kind.
 * @throws SessionLost when the engine or its device goes away, OutOfMemory, Refused, MachineError when it answers with anything else.
 */
export async function ask<E extends Final['event']>(
  session: Session,
  expected: E,
  request: Request,
  listeners?: Listeners,
): Promise<Extract<Final, { event: E }>> {
  const final = await session.send(request, listeners);
  if (final.event !== expected) throw failure(final);
  return final as Extract<Final, { event: E }>;
}

/** The error that a final event other than the expected one stands for. */
export function failure(final: Final): MachineError {
  if (final.event !== 'failed') return new MachineError(`the engine answered with ${final.event}`);
  const { reason, message } = final;
  if (reason === 'device-lost') return new SessionLost(message);
  if (reason === 'bad-request') return new Refused(message);
  const fixes: Partial<Record<typeof reason, string>> = {
    'no-adapter': 'See `lengthwise doctor`; --adapter software always works where Chrome has SwiftShader.',
    'no-timestamps': 'Leave --profile out, or try another --adapter.',
    'out-of-memory': 'Use a smaller train.batch, fewer axes, or shorter sequences.',
  };
  if (reason === 'out-of-memory') return new OutOfMemory(message, fixes[reason]);
  return new MachineError(message, fixes[reason]);
}
