import { describe, expect, test } from 'vitest';
import { Runner } from '../../../src/bench/runner.ts';
import { ATTENTION, fakePages, type Peer, right } from '../../support/bench.ts';

function runner(peers: Record<string, Peer>, { runs = 5, timeoutMs = 10_000 } = {}) {
  const pages = fakePages(peers);
  const log: string[] = [];
  const made = new Runner({
    open: pages.open,
    adapter: 'auto',
    runs,
    timeoutMs,
    onLog: line => log.push(line),
  });
  return {
    pages,
    log,
    measure: (names = Object.keys(peers)) => made.measure(ATTENTION, names),
    close: () => made.close(),
  };
}

const named = (measurements: { implementation: string }[], name: string) =>
  measurements.find(({ implementation }) => implementation === name) as never as {
    samples: number[];
    problem: string | undefined;
    coldMs: number | null;
    maxError: number | null;
    version: string;
  };

describe('taking turns', () => {
  test('all are checked before any is timed; then one call each a round, the first round untimed', async () => {
    const { pages, measure } = runner({ a: right(1), b: right(2), c: right(3) }, { runs: 5 });
    const measurements = await measure();
    expect(pages.log.slice(0, 3)).toEqual(['1 check a', '1 check b', '1 check c']);
    expect(pages.log.slice(3)).toEqual(
      Array.from({ length: 6 }, () => ['1 time a', '1 time b', '1 time c']).flat(),
    );
    expect(measurements.map(({ samples }) => samples)).toEqual([
      [1, 1, 1, 1, 1],
      [2, 2, 2, 2, 2],
      [3, 3, 3, 3, 3],
    ]);
    expect(pages.counts()).toEqual({ opened: 1, closed: 0 });
  });

  test('the first call is the cold one, and stays it when a fresh page compiles again', async () => {
    const slow: Peer = (request, call) =>
      request.op === 'check'
        ? { event: 'checked', version: '1', coldMs: call === 0 ? 500 : 9, maxError: 0, tolerance: 1 }
        : { event: 'timed', ms: 1 };
    const crash: Peer = (request, call) =>
      request.op === 'time' && call === 2
        ? { event: 'failed', problem: 'lost its GPU device: reset', harmless: false }
        : right(1)(request, call);
    const { measure } = runner({ slow, crash });
    expect(named(await measure(), 'slow').coldMs).toBe(500);
  });
});

describe('a peer that misbehaves is a row, and the rest goes on', () => {
  const hang: Peer = () => new Promise(() => {});

  test('throws while it is loaded', async () => {
    const broken: Peer = () => ({ event: 'failed', problem: 'not installed', harmless: true });
    const { pages, measure, log } = runner({ a: right(1), broken, b: right(2) });
    const measurements = await measure();
    expect(named(measurements, 'broken')).toMatchObject({ problem: 'not installed', samples: [] });
    expect(named(measurements, 'a').samples).toHaveLength(5);
    expect(named(measurements, 'b').samples).toHaveLength(5);
    // Nothing was harmed: the page goes on.
    expect(pages.counts()).toEqual({ opened: 1, closed: 0 });
    expect(log.join('\n')).toMatch(/broken: not installed/);
  });

  test('hangs in its check: its page is ended, those before it are prepared again', async () => {
    const { pages, measure } = runner({ a: right(1), hang, b: right(2) }, { timeoutMs: 100 });
    const measurements = await measure();
    expect(named(measurements, 'hang').problem).toMatch(/no answer within 0\.1 s/);
    expect(named(measurements, 'a').samples).toEqual([1, 1, 1, 1, 1]);
    expect(named(measurements, 'b').samples).toEqual([2, 2, 2, 2, 2]);
    expect(pages.counts()).toEqual({ opened: 2, closed: 1 });
    expect(pages.log).toContain('2 check a');
  });

  test('hangs or loses its device while it is timed', async () => {
    for (const end of [
      hang,
      () => ({ event: 'failed', problem: 'lost its GPU device', harmless: false }) as const,
    ]) {
      const late: Peer = (request, call) => (call === 3 ? end(request, call) : right(3)(request, call));
      const { pages, measure } = runner({ a: right(1), late, b: right(2) }, { timeoutMs: 100 });
      const measurements = await measure();
      expect(named(measurements, 'late').problem).toMatch(/no answer|lost its GPU device/);
      expect(named(measurements, 'a').samples).toEqual([1, 1, 1, 1, 1]);
      expect(named(measurements, 'b').samples).toEqual([2, 2, 2, 2, 2]);
      expect(pages.counts()).toEqual({ opened: 2, closed: 1 });
      // Warmed up again, untimed, in the fresh page.
      const fresh = pages.log.filter(line => line.startsWith('2 ') && line.endsWith(' b'));
      expect(fresh.slice(0, 3)).toEqual(['2 check b', '2 time b', '2 time b']);
    }
  });

  test('is wrong: still timed, with its error', async () => {
    const wrong: Peer = (request, call) => ({ ...right(1)(request, call), maxError: 0.3 }) as never;
    const { measure } = runner({ a: right(1), wrong });
    expect(named(await measure(), 'wrong')).toMatchObject({ maxError: 0.3, samples: [1, 1, 1, 1, 1] });
  });

  test('all of them fail: a row each, and no endless opening of pages', async () => {
    const { pages, measure } = runner({ a: hang, b: hang }, { timeoutMs: 50 });
    const measurements = await measure();
    expect(measurements.map(({ problem }) => typeof problem)).toEqual(['string', 'string']);
    expect(pages.counts()).toEqual({ opened: 2, closed: 2 });
  });
});

test('a page that cannot be opened is an error, not a row', async () => {
  const failing = new Runner({
    open: async () => ({
      version: 'none',
      ask: async () => ({ event: 'failed', problem: 'WebGPU offers no adapter here', harmless: false }),
      close: async () => {},
    }),
    adapter: 'auto',
    runs: 5,
    timeoutMs: 1000,
    onLog: () => {},
  });
  await expect(failing.measure(ATTENTION, ['a'])).rejects.toThrow(/WebGPU offers no adapter here/);
});
