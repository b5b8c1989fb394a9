import { chooseRuntime } from '../runtime/choose.ts';
import type { Candidate, Workplace } from '../runtime/examine.ts';
import { openSession, type Session } from '../runtime/session.ts';
import { builtFolder, type MachineOptions, version } from './options.ts';

/** What `--runtime auto` came to in this process, by `--adapter`. */
const chosen = new Map<string, Promise<Candidate>>();

/**
 * Starts the engine as the options say; `--runtime auto` is measured, or remembered.
 * @throws as `openSession` and `chooseRuntime`.
 */
export async function openEngine(
  { runtime, adapter, port, stall }: MachineOptions,
  onLog: (line: string) => void,
  profile = false,
): Promise<Session> {
  const workplace: Workplace = {
    built: builtFolder(),
    port,
    onLog,
    ...(stall === undefined ? {} : { patience: { stallMs: 1000 * stall } }),
  };
  if (runtime !== 'auto') return openSession({ runtime, adapter, profile, ...workplace });
  const choice = chosen.get(adapter) ?? chooseRuntime(adapter, workplace, version);
  chosen.set(adapter, choice);
  return openSession({ ...(await choice), profile, ...workplace });
}
