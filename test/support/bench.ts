import { type BenchClient, Gone, inTime } from '../../src/bench/client.ts';
import type { BenchAnswer, BenchRequest, Problem } from '../../src/bench/protocol.ts';
import type { Row } from '../../src/bench/rows.ts';
import type { AdapterInfo } from '../../src/shared/protocol.ts';

export const ADAPTER: AdapterInfo = {
  vendor: 'test',
  architecture: 'paper',
  device: '',
  description: '',
  software: true,
  features: [],
  limits: {},
};

export const ATTENTION: Problem = { suite: 'attention', T: 64, D: 8, heads: 1, direction: 'forward' };

/** How a peer behaves: answers to `check` and `time`, or throws. `call` counts its own calls from 0. */
export type Peer = (request: BenchRequest, call: number) => BenchAnswer | Promise<BenchAnswer>;

/** A peer that is right, and takes `ms`. */
export const right =
  (ms: number): Peer =>
  request =>
    request.op === 'check'
      ? { event: 'checked', version: '1.0', coldMs: 10 * ms, maxError: 1e-7, tolerance: 1e-4 }
      : { event: 'timed', ms };

/** A stand-in for the bench page: as many pages as are opened, in which these peers live. */
export function fakePages(peers: Record<string, Peer>) {
  const log: string[] = [];
  let opened = 0;
  let closed = 0;
  const calls: Record<string, number> = {};
  const open = async (): Promise<BenchClient> => {
    const page = ++opened;
    const checked = new Set<string>();
    let lost = false;
    const answer = async (request: BenchRequest): Promise<BenchAnswer> => {
      switch (request.op) {
        case 'open':
          return { event: 'opened', adapter: ADAPTER };
        case 'pose':
          checked.clear();
          return { event: 'posed', referenceMs: 1 };
        case 'roofline':
          throw new Error('not asked for here');
        default: {
          const { op, implementation } = request;
          log.push(`${page} ${op} ${implementation}`);
          if (op === 'time' && !checked.has(implementation)) throw new Error('timed before it was checked');
          if (op === 'check') checked.add(implementation);
          const call = calls[implementation] ?? 0;
          calls[implementation] = call + 1;
          return peers[implementation]!(request, call);
        }
      }
    };
    return {
      version: `Paper/${page}`,
      async ask(request, timeoutMs) {
        if (lost) throw new Gone('asked after it was closed');
        return inTime(answer(request), timeoutMs);
      },
      async close() {
        lost = true;
        closed++;
      },
    };
  };
  return { open, log, counts: () => ({ opened, closed }) };
}

/** A row to vary. */
export function row(overrides: Partial<Row> = {}): Row {
  return {
    suite: 'attention',
    implementation: 'lengthwise/quad',
    version: '0.1.0',
    T: 64,
    D: 8,
    heads: 1,
    direction: 'forward',
    medianMs: 2,
    minMs: 1,
    maxMs: 3,
    coldMs: 100,
    runs: 5,
    gflops: 1,
    shareOfPeak: 0.25,
    maxError: 1e-7,
    correct: true,
    adapter: 'test, paper (software)',
    ...overrides,
  };
}
