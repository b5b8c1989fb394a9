import Table from 'cli-table3';
import chart from 'simple-ascii-chart';
import { type Attack, runsOf } from '../simulation/attack.ts';
import type { Fit } from '../simulation/fit.ts';
import type { Method, Simulation } from '../simulation/simulate.ts';
import type { ModelContext } from './model-context.ts';

const PLAIN = { head: [], border: [] };

/** `simulate` for people. */
export function simulationText(
  { source, task }: ModelContext,
  method: Method,
  testLength: number,
  { points, fit, discrepancyFit }: Simulation,
): string {
  const sandwich = points.some(point => point.sandwich);
  const table = new Table({
    head: [
      'n',
      'mean |z|',
      'mean ‖f(x) − f(z)‖',
      'largest',
      'discrepancy',
      ...(sandwich ? ['|f(z) − f*(z)|', '|f*(z) − f*(x)|', 'sum', '|f(x) − f*(x)|'] : []),
    ],
    colAligns: Array<'right'>(sandwich ? 9 : 5).fill('right'),
    style: PLAIN,
  });
  for (const point of points) {
    const { sandwich: s } = point;
    table.push([
      point.length,
      point.meanLength.toFixed(1),
      `${exponent(point.meanError)} ± ${point.stderr.toExponential(0)}`,
      exponent(point.maxError),
      point.discrepancy.toFixed(4),
      ...(s ? [s.onShort, s.target, s.simulation + s.onShort + s.target, s.onLong].map(exponent) : []),
    ]);
  }
  const strings = points[0]!.samples;
  return [
    `${strings} long strings of T = ${testLength} tokens (${source.law}, α = ${source.alphaThousandths / 1000}${task ? `; ${task}` : ''}), ${method} short strings`,
    table.toString(),
    fitText('e(n)', fit),
    fitText('discrepancy of (τ-suffix, histogram)', discrepancyFit),
    ...errorChart(points),
  ].join('\n');
}

function fitText(what: string, fit: Fit | undefined): string {
  if (!fit) return `${what}: no fit, errors are those of the arithmetic at all lengths but one or none`;
  const { beta, betaInterval, log10C, rate, log10CAtRate, log10CAtRateInterval, lengths } = fit;
  const promised = rate === 1 ? '−1' : '−1/3';
  const two = (interval: readonly number[]) => interval.map(x => x.toFixed(2)).join(', ');
  const verdict =
    betaInterval[0] > rate
      ? `faster than the promised n^(${promised})`
      : betaInterval[1] < rate
        ? `slower than n^(${promised}): the promised rate does not show up here`
        : `in line with the promised n^(${promised})`;
  return [
    `${what} ≈ ${(10 ** log10C).toPrecision(3)} · n^(−β), β = ${beta.toFixed(2)} [${two(betaInterval)}] over n = ${lengths[0]}…${lengths.at(-1)}: ${verdict}`,
    `  at β = ${rate === 1 ? '1' : '1/3'}: log10 Ĉ = ${log10CAtRate.toFixed(2)} [${two(log10CAtRateInterval)}] (95 % bootstrap over strings)`,
  ].join('\n');
}

function errorChart(points: Simulation['points']): string[] {
  const line = points
    .filter(({ meanError }) => meanError > 0)
    .map(({ length, meanError }) => [Math.log2(length), Math.log10(meanError)] as [number, number]);
  if (line.length < 2) return [];
  const drawn = chart(line, {
    width: 56,
    height: 9,
    mode: 'point',
    showTickLabel: false,
    formatter: (value, { axis }) =>
      axis === 'x' ? `${Math.round(2 ** Number(value))}` : Number(value).toFixed(1),
  });
  return [`\nlog10 mean error against n${drawn.trimEnd()}`];
}

/** `simulate --adversary` for people. */
export function attackText({ simulation, target }: Attack): string {
  const parts: string[] = [];
  if (simulation.length > 0) {
    const table = new Table({
      head: ['T', 'n', 'worst ‖f(x) − f(z)‖ found', 'certified', 'share', 'verdict'],
      colAligns: ['right', 'right', 'right', 'right', 'right', 'left'],
      style: PLAIN,
    });
    for (const row of simulation) {
      table.push([
        row.testLength,
        row.length,
        exponent(row.worstError),
        exponent(row.certified),
        `${(100 * row.share).toPrecision(2)} %`,
        row.broken ? `BROKEN by ${runsOf(row.worstTokens)}` : 'holds',
      ]);
    }
    const broken = simulation.filter(row => row.broken).length;
    parts.push(
      'The certificate against hill-climbing over x',
      table.toString(),
      broken === 0
        ? `Not broken by ${sumOf(simulation).toLocaleString('en')} strings (a search, not a proof).`
        : `BROKEN at ${broken} of ${simulation.length} places: the certificate is wrong. Please report this model.`,
    );
  }
  if (target.length > 0) {
    const table = new Table({
      head: [
        'T',
        'worst |f(x) − f*(x)| found',
        'random strings: mean',
        'random strings: largest',
        'worst string',
      ],
      colAligns: ['right', 'right', 'right', 'right', 'left'],
      style: PLAIN,
    });
    for (const row of target) {
      table.push([
        row.testLength,
        exponent(row.worstError),
        exponent(row.randomMean),
        exponent(row.randomMax),
        runsOf(row.worstTokens),
      ]);
    }
    parts.push(
      'Worst error against the target: the ℓ∞ error that Theorem 4.1 is about',
      table.toString(),
      `${sumOf(target).toLocaleString('en')} strings looked at; the true worst error is at least this.`,
    );
  }
  return parts.join('\n');
}

function sumOf(rows: readonly { evaluations: number }[]): number {
  return rows.reduce((total, { evaluations }) => total + evaluations, 0);
}

function exponent(value: number): string {
  return value.toExponential(2);
}
