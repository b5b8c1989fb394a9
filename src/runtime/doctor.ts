import { InputError, messageOf } from '../shared/errors.ts';
import { browserPath } from './browser.ts';
import { rememberBest } from './choose.ts';
import { bestOf, type Candidate, examine, type Finding, reasonOf, type Workplace } from './examine.ts';
import { comparableDrivers } from './vulkan.ts';

/** What `lengthwise doctor` prints. */
export interface Diagnosis {
  node: string;
  browser: { path: string | undefined; problem: string | undefined };
  /** Every adapter of both runtimes, the ones that are missing too. */
  findings: Finding[];
  /** What `--runtime auto` comes to, and why; undefined when nothing works. */
  auto: { candidate: Candidate; why: string } | undefined;
}

/**
 * Measures every adapter of both runtimes, and has `--runtime auto` take the best. Each failure is a finding of its own.
 * @throws InputError when LENGTHWISE_CHROME or a VK_* variable is wrong.
 */
export async function diagnose(
  workplace: Workplace,
  version: string,
  onCandidate: (candidate: Candidate) => void,
): Promise<Diagnosis> {
  const browser = attempt(browserPath);
  const drivers = attempt(comparableDrivers);
  const candidates: Candidate[] = [
    { runtime: 'chrome', adapter: 'hardware' },
    { runtime: 'chrome', adapter: 'software' },
    ...(drivers.value ?? []).map(driver => ({
      runtime: 'dawn' as const,
      adapter: driver.kind === 'unknown' ? ('auto' as const) : driver.kind,
      driver,
    })),
  ];
  const findings: Finding[] = [];
  for (const candidate of candidates) {
    onCandidate(candidate);
    findings.push(await examine(candidate, workplace, { withRoofline: true }));
  }
  if (drivers.problem)
    findings.push({ candidate: { runtime: 'dawn', adapter: 'auto' }, problem: drivers.problem });
  const best = bestOf(findings);
  if (best) await rememberBest(findings, version);
  return {
    node: process.version,
    browser: { path: browser.value, problem: browser.problem },
    findings,
    auto: best && { candidate: best.candidate, why: reasonOf(findings) },
  };
}

/** What a look-up gives, or what it complained of; a user's own wrong variable is thrown on. */
function attempt<T>(look: () => T): { value: T | undefined; problem: string | undefined } {
  try {
    return { value: look(), problem: undefined };
  } catch (error) {
    if (error instanceof InputError && /^(LENGTHWISE_CHROME|VK_)/.test(error.message)) throw error;
    return { value: undefined, problem: messageOf(error) };
  }
}
