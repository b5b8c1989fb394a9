import { MachineError, messageOf } from '../shared/errors.ts';
import type { AdapterInfo, AdapterPreference, Roofline } from '../shared/protocol.ts';
import { ask } from './ask.ts';
import { seconds, withDeadline } from './deadline.ts';
import { deviceMemoryBytes } from './device-memory.ts';
import { type EngineOptions, type OwnRuntime, openSession, type Runtime, type Session } from './session.ts';
import { type Trial, tryAdapter } from './trial.ts';
import type { Driver } from './vulkan.ts';

/** A way to run the engine. */
export interface Candidate<R extends Runtime = OwnRuntime> {
  runtime: R;
  adapter: AdapterPreference;
  /** What Dawn is shown. */
  driver?: Driver;
}

/** What was found for a candidate; what is missing has its reason in `problem`. */
export interface Finding<R extends Runtime = OwnRuntime> {
  candidate: Candidate<R>;
  /** Name and version of the browser, or of Dawn. */
  version?: string;
  adapter?: AdapterInfo;
  /** Device memory that a run may plan with, where the system says. */
  memoryBytes?: number;
  trial?: Trial;
  roofline?: Roofline;
  problem?: string;
}

/** Longest that a candidate may take over each question, compiling included. */
const ANSWER_MS = 300_000;

/** Where and how to open sessions, whatever the candidate. */
export type Workplace = Pick<EngineOptions, 'built' | 'port' | 'patience' | 'onLog'>;

/** `chrome, hardware`, or `dawn, lvp_icd`. */
export function candidateName({ runtime, adapter, driver }: Candidate<Runtime>): string {
  return `${runtime}, ${driver?.name ?? adapter}`;
}

/** Opens a candidate, holds it against the reference and, when asked, measures its roofline. Never throws: failures are findings. */
export function examine(
  candidate: Candidate,
  workplace: Workplace,
  { withRoofline }: { withRoofline: boolean },
): Promise<Finding> {
  return lookAt(candidate, () => openSession({ ...workplace, ...candidate }), withRoofline);
}

/** The same for a browser tab that somebody opens, roofline included. */
export function examineTab(open: () => Promise<Session>): Promise<Finding<'tab'>> {
  return lookAt({ runtime: 'tab', adapter: 'auto' }, open, true);
}

async function lookAt<R extends Runtime>(
  candidate: Candidate<R>,
  open: () => Promise<Session>,
  withRoofline: boolean,
): Promise<Finding<R>> {
  const finding: Finding<R> = { candidate };
  let session: Session | undefined;
  try {
    session = await open();
    finding.version = session.version;
    finding.adapter = (await ask(session, 'probed', { op: 'probe', adapter: candidate.adapter })).adapter;
    // A tab may be on another machine.
    const memoryBytes = candidate.runtime === 'tab' ? undefined : await deviceMemoryBytes(finding.adapter);
    if (memoryBytes !== undefined) finding.memoryBytes = memoryBytes;
    finding.trial = await inTime(tryAdapter(session, candidate.adapter));
    if (withRoofline) finding.roofline = await inTime(measure(session, candidate.adapter));
  } catch (error) {
    finding.problem = messageOf(error);
  } finally {
    await session?.close();
  }
  return finding;
}

function inTime<T>(answer: Promise<T>): Promise<T> {
  return withDeadline(ANSWER_MS, answer, () => new MachineError(`no answer in ${seconds(ANSWER_MS)}`));
}

async function measure(session: Session, adapter: AdapterPreference): Promise<Roofline> {
  return (await ask(session, 'measured', { op: 'roofline', adapter })).roofline;
}

/** The finding whose f(x) is right and fastest; undefined when none is right. */
export function bestOf(findings: readonly Finding[]): Finding | undefined {
  return ranked(findings)[0];
}

/** Why it is the best, for people. */
export function reasonOf(findings: readonly Finding[]): string {
  const rates = ranked(findings).map(
    ({ candidate, trial }) =>
      `${candidateName(candidate)} ${Math.round(trial!.tokensPerSecond).toLocaleString('en')}`,
  );
  return `right and fastest at f(x), tokens/s: ${rates.join('; ')}`;
}

function ranked(findings: readonly Finding[]): Finding[] {
  return findings
    .filter(({ trial }) => trial?.right)
    .sort((a, b) => b.trial!.tokensPerSecond - a.trial!.tokensPerSecond);
}
