import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { delimiter } from 'node:path';
import { z } from 'zod';
import { findBrowser } from '../setup/browser-paths.mjs';
import { InputError, MachineError } from '../shared/errors.ts';
import type { AdapterPreference } from '../shared/protocol.ts';
import { cacheFile, keepInCache, readCache } from './cache.ts';
import {
  bestOf,
  type Candidate,
  candidateName,
  examine,
  type Finding,
  reasonOf,
  type Workplace,
} from './examine.ts';
import { RUNTIMES } from './session.ts';
import { type Driver, vulkanDrivers } from './vulkan.ts';

/** What `--runtime auto` came to on a machine. */
const choiceSchema = z.strictObject({
  runtime: z.enum(RUNTIMES),
  /** Name of Dawn's driver; null for Chrome. */
  driver: z.string().nullable(),
  reason: z.string(),
});
type Choice = z.infer<typeof choiceSchema>;

/** Remembers choices by a hash of the machine. */
const choiceFile = () => cacheFile('runtime.json');

/**
 * What `--runtime auto` comes to: the fastest runtime whose f(x) is within the float32 bound of the reference. Measured once
 * for a machine as it is, and remembered; another browser, driver or version of lengthwise is measured anew.
 * @throws InputError for a bad VK_* variable, MachineError when no runtime is right.
 */
export async function chooseRuntime(
  adapter: AdapterPreference,
  workplace: Workplace,
  version: string,
): Promise<Candidate> {
  const say = (line: string) => workplace.onLog?.(`--runtime auto: ${line}`);
  const drivers = driversOrNone(adapter);
  const key = machineKey(adapter, version, drivers);
  const known = readCache(choiceFile(), choiceSchema)[key];
  const candidates: Candidate[] = [
    { runtime: 'chrome', adapter },
    ...drivers.map(driver => ({ runtime: 'dawn' as const, adapter, driver })),
  ];
  const remembered = candidates.find(
    ({ runtime, driver }) => runtime === known?.runtime && (driver?.name ?? null) === known.driver,
  );
  if (remembered) return remembered;
  say(`measuring ${candidates.map(candidateName).join('; ')}`);
  const findings = [];
  for (const candidate of candidates)
    findings.push(await examine(candidate, workplace, { withRoofline: false }));
  const chosen = bestOf(findings)?.candidate;
  if (!chosen) {
    const why = findings.map(
      ({ candidate, problem }) => `${candidateName(candidate)}: ${problem ?? 'wrong results'}`,
    );
    throw new MachineError(
      `--runtime auto: nothing here computes f(x) (${why.join('; ')})`,
      'See `lengthwise doctor`.',
    );
  }
  say(`${candidateName(chosen)} (${reasonOf(findings)})`);
  const kept = await keep(key, findings);
  say(
    kept ? `remembered in ${choiceFile()}` : `${choiceFile()} cannot be written; the next run measures again`,
  );
  return chosen;
}

/** Has later runs with `--runtime auto` take the best of what was just measured. */
export async function rememberBest(findings: readonly Finding[], version: string): Promise<void> {
  await keep(machineKey('auto', version, driversOrNone('auto')), findings);
}

/** Whether the best of the findings could be remembered. */
async function keep(key: string, findings: readonly Finding[]): Promise<boolean> {
  const { runtime, driver } = bestOf(findings)!.candidate;
  const choice: Choice = { runtime, driver: driver?.name ?? null, reason: reasonOf(findings) };
  return keepInCache(choiceFile(), choiceSchema, key, () => choice);
}

/** None where Dawn cannot run at all; a user's wrong variable is theirs to hear of. */
function driversOrNone(adapter: AdapterPreference): Driver[] {
  try {
    return vulkanDrivers(adapter);
  } catch (error) {
    if (error instanceof InputError) throw error;
    return [];
  }
}

/** Changes when something does that the choice depends on. */
function machineKey(adapter: AdapterPreference, version: string, drivers: Driver[]): string {
  const browser = process.env.LENGTHWISE_CHROME || findBrowser();
  const facts = [
    [adapter, version, process.version, process.platform, process.arch],
    browser ? [browser, changed(browser)] : null,
    drivers.map(({ name, environment }) => [
      name,
      (environment.VK_DRIVER_FILES ?? '').split(delimiter).map(changed),
    ]),
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
}

function changed(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
