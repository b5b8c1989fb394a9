import { InputError, messageOf } from '../shared/errors.ts';
import type { AdapterInfo } from '../shared/protocol.ts';
import { browserPath } from './browser.ts';
import { openSession, type SessionOptions } from './session.ts';

/** What was found for one adapter preference. */
export interface AdapterFinding {
  preference: 'hardware' | 'software';
  adapter: AdapterInfo | undefined;
  /** Why there is none. */
  problem: string | undefined;
}

/** What `lengthwise doctor` prints. */
export interface Diagnosis {
  node: string;
  browser: { path: string; version: string | undefined };
  adapters: AdapterFinding[];
  /** The preference that `--adapter auto` comes to, and why; undefined when no adapter works. */
  auto: { preference: 'hardware' | 'software'; why: string } | undefined;
}

/** Asks the browser for each kind of adapter. Throws `InputError` when there is no browser. */
export async function diagnose(options: Omit<SessionOptions, 'adapter'>): Promise<Diagnosis> {
  const path = browserPath();
  let version: string | undefined;
  const adapters: AdapterFinding[] = [];
  for (const preference of ['hardware', 'software'] as const) {
    try {
      const session = await openSession({ ...options, adapter: preference });
      try {
        version = session.version;
        const final = await session.send({ op: 'probe', adapter: preference });
        const adapter = final.event === 'probed' ? final.adapter : undefined;
        const problem = final.event === 'failed' ? final.message : undefined;
        adapters.push({ preference, adapter, problem });
      } finally {
        await session.close();
      }
    } catch (error) {
      if (error instanceof InputError) throw error;
      adapters.push({ preference, adapter: undefined, problem: messageOf(error) });
    }
  }
  const hardware = adapters.find(finding => finding.preference === 'hardware' && finding.adapter);
  const software = adapters.find(finding => finding.preference === 'software' && finding.adapter);
  const auto = hardware
    ? ({ preference: 'hardware', why: 'a hardware adapter answers' } as const)
    : software && ({ preference: 'software', why: 'no hardware adapter answers' } as const);
  return { node: process.version, browser: { path, version }, adapters, auto };
}
