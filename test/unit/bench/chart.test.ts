import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JSDOM } from 'jsdom';
import { expect, test } from 'vitest';
import { benchFigure } from '../../../src/bench/chart.ts';
import { writeChart } from '../../../src/bench/chart-files.ts';
import { IMPLEMENTATIONS } from '../../../src/bench/names.ts';
import { includedSchema, type Report, type Row, reportSchema, rowSchema } from '../../../src/bench/rows.ts';
import { serverCanvas } from '../../../src/report/report.ts';
import { ADAPTER, row } from '../../support/bench.ts';
import { emptyFolder } from '../../support/cli.ts';

/** Every implementation of attention at two lengths, the second of them wrong, the last without a time. */
const ROWS: Row[] = [256, 1024].flatMap(T =>
  IMPLEMENTATIONS.attention.map((implementation, i) => {
    const last = i === IMPLEMENTATIONS.attention.length - 1;
    const medianMs = last ? null : (i + 1) * T * 0.01;
    return row({
      ...{ implementation, T, medianMs, minMs: medianMs, maxMs: medianMs, correct: i !== 1 && !last },
      ...(last ? { problem: 'no answer within 9 s', gflops: null, shareOfPeak: null, runs: 0 } : {}),
    });
  }),
);
const PEAK = {
  gflops: 20,
  gflopsVector: 20,
  gflopsScalar: 10,
  gbytesPerSecond: 5,
  gexpPerSecond: 1,
  dispatchMicros: 30,
  submitMicros: 100,
  submitAndWaitMs: 2,
};
const REPORT: Report = {
  adapter: ADAPTER,
  runtime: 'chrome',
  runtimeVersion: 'Paper/1',
  peak: PEAK,
  peaks: [PEAK, { ...PEAK, gflops: 15 }],
  rows: ROWS,
};

test('a chart holds every implementation, losers, wrong and failed ones included', async () => {
  const figure = benchFigure(await serverCanvas(), ROWS, 'paper');
  const labels = figure.legend?.kind === 'keys' ? figure.legend.keys.map(({ label }) => label) : [];
  expect(labels).toHaveLength(IMPLEMENTATIONS.attention.length);
  for (const name of IMPLEMENTATIONS.attention) expect(labels.join('\n')).toContain(name);
  expect(labels[1]).toMatch(/\(wrong\)$/);
  expect(labels.at(-1)).toMatch(/\(no time: no answer within 9 s\)$/);
  const [time, share] = figure.panels;
  const dots = new JSDOM(time!.svg).window.document.querySelectorAll('[aria-label="dot"] path, g path');
  expect(dots.length).toBeGreaterThanOrEqual(2 * (IMPLEMENTATIONS.attention.length - 1));
  for (const name of IMPLEMENTATIONS.attention) expect(share!.svg).toContain(name);
});

test('files: a page with a line a row, and an SVG; anything else is not written', async () => {
  const folder = emptyFolder();
  await writeChart(REPORT, ROWS, join(folder, 'chart.html'));
  await writeChart(REPORT, ROWS, join(folder, 'chart.svg'));
  const { document } = new JSDOM(readFileSync(join(folder, 'chart.html'), 'utf8')).window;
  expect(document.querySelectorAll('tbody tr')).toHaveLength(ROWS.length);
  const svg = readFileSync(join(folder, 'chart.svg'), 'utf8');
  expect(svg).toMatch(/^<svg xmlns/);
  for (const name of IMPLEMENTATIONS.attention) expect(svg).toContain(name);
});

test('every suite can be drawn', async () => {
  const rows = [
    row({ suite: 'forward', implementation: 'lengthwise/linear', gflops: null, shareOfPeak: null }),
    row({
      ...{ suite: 'training', implementation: 'jax-js', direction: 'training', model: 'one-layer' },
      ...{ gflops: null, shareOfPeak: null, sequencesPerSecond: 900 },
    }),
  ];
  const figure = benchFigure(await serverCanvas(), rows, 'paper');
  expect(figure.panels.map(({ title }) => title)).toEqual([
    'f(x) of two layers, d = 8',
    'training, one-layer, N = 64',
  ]);
});

test('the document is what docs/results.md says, and what others print can be laid beside it', () => {
  expect(reportSchema.parse(JSON.parse(JSON.stringify(REPORT)))).toEqual(REPORT);
  expect(() => rowSchema.parse({ ...row(), medianms: 3 })).toThrow();
  const foreign = { rows: [{ ...row({ implementation: 'pytorch' }), cpuMs: 4 }], torch: '2.5' };
  expect(includedSchema.parse(foreign).rows[0]).toEqual(row({ implementation: 'pytorch' }));
  expect(() => includedSchema.parse({ rows: [{ suite: 'attention' }] })).toThrow();
});
