import { isStopping } from '../runtime/stopping.ts';
import { MachineError, messageOf } from '../shared/errors.ts';
import type { AdapterInfo, AdapterPreference, Roofline } from '../shared/protocol.ts';
import { type BenchClient, Gone } from './client.ts';
import type { BenchAnswer, BenchRequest, Problem } from './protocol.ts';
import type { Measurement } from './rows.ts';

export interface RunnerOptions {
  open: () => Promise<BenchClient>;
  adapter: AdapterPreference;
  /** Warm runs of each implementation. */
  runs: number;
  /** For one call of an implementation; one that takes longer is given up, and its page ended. */
  timeoutMs: number;
  onLog: (line: string) => void;
}

type Answer<E extends BenchAnswer['event']> = Extract<BenchAnswer, { event: E }>;

/** For what is ours and needs no peer: opening a device, float64 results of long sequences. */
const OWN_TIMEOUT_MS = 10 * 60_000;

/** An implementation under way. `page` is the page it was last prepared in. */
interface Entrant extends Measurement {
  page: BenchClient | undefined;
}

/**
 * Times implementations against each other in one page. One that throws, hangs or loses its device is noted, and the rest goes on in
 * a fresh page.
 */
export class Runner {
  private readonly options: RunnerOptions;
  private client: BenchClient | undefined;
  private posed: Problem | undefined;
  private found: { adapter: AdapterInfo; version: string } | undefined;

  constructor(options: RunnerOptions) {
    this.options = options;
  }

  /** What the page runs on. */
  async machine(): Promise<{ adapter: AdapterInfo; version: string }> {
    await this.page();
    return this.found!;
  }

  /** Peak rates of the adapter. @throws MachineError when they cannot be measured. */
  async roofline(): Promise<Roofline> {
    const { roofline } = await this.own({ op: 'roofline' }, 'measured');
    return roofline;
  }

  /**
   * One measurement for each implementation, in their order. All are checked first; then they take turns, one call each a round, so
   * that whatever else the machine does falls on all of them.
   */
  async measure(problem: Problem, implementations: readonly string[]): Promise<Measurement[]> {
    const { runs } = this.options;
    const entrants = implementations.map(
      (implementation): Entrant => ({
        implementation,
        version: '',
        samples: [],
        coldMs: null,
        maxError: null,
        tolerance: 0,
        sequences: undefined,
        steps: 1,
        problem: undefined,
        page: undefined,
      }),
    );
    for (const entrant of entrants) await this.check(problem, entrant);
    // The first round warms up: what an implementation still compiles or allocates then is not timed.
    for (let round = 0; round <= runs; round++) {
      for (const entrant of entrants) {
        if (entrant.problem !== undefined) continue;
        if (!(await this.ready(problem, entrant))) continue;
        const ms = await this.time(entrant);
        if (ms !== undefined && round > 0) entrant.samples.push(ms);
      }
      this.options.onLog(`  round ${round} of ${runs}`);
    }
    return entrants.map(({ page: _, ...measurement }) => measurement);
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    this.posed = undefined;
    await client?.close();
  }

  /** Loads, first call, error. Notes what went wrong. */
  private async check(problem: Problem, entrant: Entrant): Promise<void> {
    const page = await this.pose(problem);
    const answer = await this.attempt(page, { op: 'check', implementation: entrant.implementation });
    if (answer.event !== 'checked') return this.fail(entrant, answer);
    entrant.page = page;
    entrant.version = answer.version;
    entrant.coldMs ??= answer.coldMs;
    entrant.maxError = answer.maxError;
    entrant.tolerance = answer.tolerance;
    entrant.sequences = answer.sequences;
    entrant.steps = answer.steps ?? 1;
  }

  /** Prepares an entrant again, and warms it up, where its page has gone. False when that fails. */
  private async ready(problem: Problem, entrant: Entrant): Promise<boolean> {
    if (entrant.page === this.client && entrant.page) return true;
    await this.check(problem, entrant);
    return entrant.problem === undefined && (await this.time(entrant)) !== undefined;
  }

  private async time(entrant: Entrant): Promise<number | undefined> {
    const answer = await this.attempt(entrant.page!, { op: 'time', implementation: entrant.implementation });
    if (answer.event === 'timed') return answer.ms;
    await this.fail(entrant, answer);
    return undefined;
  }

  /** Notes a failure. A page in which a peer failed half-way is not trusted with the others. */
  private async fail(entrant: Entrant, answer: BenchAnswer): Promise<void> {
    if (answer.event !== 'failed') throw new Error(`the bench page answered ${answer.event}`);
    entrant.problem = answer.problem;
    entrant.version = answer.version ?? entrant.version;
    this.options.onLog(`  ${entrant.implementation}: ${answer.problem}`);
    if (!answer.harmless) await this.close();
  }

  private async attempt(page: BenchClient, request: BenchRequest): Promise<BenchAnswer> {
    try {
      return await page.ask(request, this.options.timeoutMs);
    } catch (error) {
      if (isStopping()) return new Promise(() => {});
      if (!(error instanceof Gone)) throw error;
      return { event: 'failed', problem: messageOf(error), harmless: false };
    }
  }

  /** A page that knows the problem. */
  private async pose(problem: Problem): Promise<BenchClient> {
    const page = await this.page();
    if (this.posed !== problem) await this.own({ op: 'pose', problem }, 'posed');
    this.posed = problem;
    return page;
  }

  private async page(): Promise<BenchClient> {
    if (this.client) return this.client;
    this.client = await this.options.open();
    const { adapter } = await this.own({ op: 'open', adapter: this.options.adapter }, 'opened');
    this.found = { adapter, version: this.client.version };
    return this.client;
  }

  /** Asks for something that no peer has a hand in. @throws MachineError when it fails. */
  private async own<E extends BenchAnswer['event']>(request: BenchRequest, expected: E): Promise<Answer<E>> {
    const page = request.op === 'open' ? this.client! : await this.page();
    try {
      const answer = await page.ask(request, OWN_TIMEOUT_MS);
      if (answer.event === expected) return answer as Answer<E>;
      throw new MachineError(
        answer.event === 'failed' ? answer.problem : `the bench page answered ${answer.event}`,
        'See `lengthwise doctor`.',
      );
    } catch (error) {
      if (isStopping()) return new Promise(() => {});
      throw error instanceof Gone ? new MachineError(`bench: ${messageOf(error)}`) : error;
    }
  }
}
