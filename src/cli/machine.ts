import { chooseRuntime } from '../runtime/choose.ts';
import type { Candidate, Workplace } from '../runtime/examine.ts';
import { openSession, type Session } from '../runtime/session.ts';
import type { Driver } from '../runtime/vulkan.ts';
import { builtFolder, type MachineOptions, version } from './options.ts';

/** What `--runtime auto` came to in this process, by `--adapter`. */
const chosen = new Map<string, Promise<Candidate>>();
/** The driver that served `--runtime dawn` in this process, by `--adapter`: another one gives other bits. */
const served = new Map<string, Driver>();

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
  if (runtime !== 'auto') {
    const driver = served.get(adapter);
    const session = await openSession({
      ...{ runtime, adapter, profile, ...workplace },
      ...(driver ? { driver } : {}),
    });
    if (session.driver) served.set(adapter, session.driver);
    return session;
  }
  const choice = chosen.get(adapter) ?? chooseRuntime(adapter, workplace, version);
  chosen.set(adapter, choice);
  return openSession({ ...(await choice), profile, ...workplace });
}
