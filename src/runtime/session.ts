import { join } from 'node:path';
import { openChromeSession } from './chrome-session.ts';
import type { Session } from './conversation.ts';
import { openDawnSession } from './dawn-session.ts';
import type { SessionOptions } from './session-options.ts';
import { openTabSession } from './tab-session.ts';

export {
  type Final,
  type Listeners,
  type OwnRuntime,
  type Progress,
  type Protocol,
  RUNTIMES,
  type Runtime,
  type Session,
  SessionLeft,
  SessionLost,
  SessionStalled,
  type Standing,
  type Tested,
} from './conversation.ts';
export type { EngineOptions, SessionOptions } from './session-options.ts';
export { isStopping, killEverything, onStop, stopEverything } from './stopping.ts';

/**
 * Starts the engine in the wanted runtime and speaks the protocol with it.
 * @throws InputError when something is missing that a person can install or set, MachineError when it does not start.
 */
export function openSession(options: SessionOptions): Promise<Session> {
  if (options.runtime === 'tab') return openTabSession(options, options.tabs);
  if (options.runtime === 'dawn') return openDawnSession(options, join(options.built, 'dawn', 'engine.js'));
  return openChromeSession(options, join(options.built, 'page', 'engine.js'));
}
