import { PING, PONG } from '../shared/protocol.ts';
import { dawnVersion, endWithParent } from './dawn-process.ts';

/**
 * Has an engine serve what runtime/dawn-session.ts asks this process: requests come in and events go out as JSON over the process's
 * channel. The first message is the greeting, `{"dawn": version}`.
 */
export function carryInChild(engine: {
  handle(requestJson: string, emit: (event: object) => void): Promise<void>;
  alive(): Promise<void>;
}): void {
  const tell = (message: object) => process.send?.(JSON.stringify(message));
  process.on('message', (message: string) => {
    if (message === PING) engine.alive().then(() => process.send?.(PONG));
    else void engine.handle(message, tell);
  });
  endWithParent();
  tell({ dawn: dawnVersion() });
}
