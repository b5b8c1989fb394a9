import { cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { IMPLEMENTATIONS } from '../../src/bench/names.ts';
import { openBenchPage } from '../../src/bench/page-client.ts';
import type { BenchRequest } from '../../src/bench/protocol.ts';
import { type Row, reportSchema } from '../../src/bench/rows.ts';
import { ATTENTION } from '../support/bench.ts';
import { cli, emptyFolder, whenSaid } from '../support/cli.ts';
import { BUILT } from '../support/engine.ts';
import { childrenOf, isAlive } from '../support/processes.ts';

/** Rows that the fused operators of onnxruntime-web get wrong on SwiftShader: measured, and shown as wrong. */
const MAY_BE_WRONG = ['onnxruntime-web/group-query', 'onnxruntime-web/multi-head'];

async function bench(...args: string[]) {
  const { code, stdout, stderr } = await cli(['bench', ...args, '--adapter', 'software', '--json']);
  if (code !== 0) throw new Error(stderr);
  const report = reportSchema.parse(JSON.parse(stdout));
  return { ...report, find: (name: string) => report.rows.filter(row => row.implementation === name) };
}

describe('lengthwise bench', () => {
  test(
    'attention: a right row for each of ours and of the peers, in real Chrome',
    async () => {
      const { rows, find, adapter, peak, runtime } = await bench(
        ...['attention', '--lengths', '32,64', '--dimensions', '8', '--direction', 'forward'],
      );
      expect(adapter.software).toBe(true);
      expect(runtime).toBe('chrome');
      expect(peak.gflops).toBeGreaterThan(0.1);
      expect(rows.map(row => row.implementation)).toEqual([
        ...IMPLEMENTATIONS.attention,
        ...IMPLEMENTATIONS.attention,
      ]);
      for (const name of IMPLEMENTATIONS.attention) {
        const both = find(name);
        expect(both.map(({ T, D, heads }) => [T, D, heads])).toEqual([
          [32, 8, 1],
          [64, 8, 1],
        ]);
        for (const row of both) expectTimes(row, peak.gflops);
        if (!MAY_BE_WRONG.includes(name)) {
          for (const row of both) expect(row, JSON.stringify(row)).toMatchObject({ correct: true });
          for (const row of both) expect(row.maxError).toBeLessThan(1e-5);
        }
      }
      expect(find('jax-js')[0]!.version).toMatch(/^\d+\.\d+\.\d+$/);
    },
    15 * 60_000,
  );

  test('a package without peers says so of each, once', async () => {
    const built = emptyFolder();
    cpSync(join(BUILT, 'bench'), join(built, 'bench'), {
      recursive: true,
      filter: source => basename(source) !== 'peers',
    });
    const lines: string[] = [];
    const page = await openBenchPage({
      built,
      port: 0,
      adapter: 'software',
      onLog: line => lines.push(line),
    });
    try {
      const ask = (request: BenchRequest) => page.ask(request, 60_000);
      expect(await ask({ op: 'open', adapter: 'software' })).toMatchObject({ event: 'opened' });
      await ask({ op: 'pose', problem: { ...ATTENTION, T: 16 } });
      for (const [implementation, problem] of [
        ['jax-js', 'not in the npm package; bench in a clone has it'],
        ['onnxruntime-web/graph', 'not installed'],
      ] as const)
        expect(await ask({ op: 'check', implementation })).toMatchObject({ problem, harmless: true });
    } finally {
      await page.close();
    }
    expect(lines).toEqual([]);
  });

  test(
    'gradients: ours, jax-js, tfjs and the loops agree with float64; the rest say that they have none',
    async () => {
      const wanted = [
        'lengthwise/qb-fused',
        'lengthwise/quad',
        'jax-js',
        'tfjs-webgpu',
        'gpu.js',
        'plain-loops',
      ];
      const { rows, find } = await bench(
        ...['attention', '--lengths', '32', '--dimensions', '8', '--heads', '2', '--direction', 'backward'],
        ...['--implementations', wanted.join(',')],
      );
      expect(rows).toHaveLength(wanted.length);
      for (const name of wanted.filter(name => name !== 'gpu.js')) {
        expect(find(name)[0], name).toMatchObject({ correct: true, direction: 'backward', heads: 2 });
      }
      expect(find('gpu.js')[0]).toMatchObject({
        correct: false,
        medianMs: null,
        problem: 'gpu.js has no gradients',
      });
    },
    10 * 60_000,
  );

  test(
    'forward: linear and dense agree with float64',
    async () => {
      const { rows } = await bench('forward', '--lengths', '48');
      expect(rows.map(row => row.implementation)).toEqual(['lengthwise/linear', 'lengthwise/dense']);
      for (const row of rows) expect(row).toMatchObject({ correct: true, gflops: null, T: 48 });
    },
    10 * 60_000,
  );

  test(
    'Ctrl-C while a peer runs leaves no browser',
    async () => {
      const { code, stdout } = await cli(
        [
          'bench',
          'attention',
          '--lengths',
          '64',
          '--dimensions',
          '8',
          '--adapter',
          'software',
          '--runs',
          '1000',
          '--implementations',
          'jax-js,plain-loops',
        ],
        {
          onStart: child =>
            whenSaid(child, /round 2 of/, () => {
              started = childrenOf(child.pid!);
              child.kill('SIGINT');
            }),
        },
      );
      expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
      expect(started.length).toBeGreaterThan(0);
      await vi.waitFor(() => expect(started.filter(isAlive)).toEqual([]), 60_000);
    },
    10 * 60_000,
  );
});

let started: number[] = [];

function expectTimes(row: Row, peakGflops: number): void {
  expect(row.problem).toBeUndefined();
  expect(row.runs).toBeGreaterThanOrEqual(5);
  expect(row.minMs!).toBeLessThanOrEqual(row.medianMs!);
  expect(row.medianMs!).toBeLessThanOrEqual(row.maxMs!);
  expect(row.coldMs!).toBeGreaterThan(0);
  expect(row.gflops!).toBeCloseTo((2 * row.T ** 2 * row.D * row.heads) / row.medianMs! / 1e6, 9);
  expect(row.shareOfPeak!).toBeCloseTo(row.gflops! / peakGflops, 9);
}
