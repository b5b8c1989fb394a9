import Table from 'cli-table3';
import { problemName } from '../bench/problems.ts';
import { byProblem, standing } from '../bench/ratios.ts';
import type { Row } from '../bench/rows.ts';
import { leastOf, mostOf } from '../shared/extremes.ts';
import type { Roofline } from '../shared/protocol.ts';
import { compact } from './compact.ts';
import { wrapped } from './wrapped.ts';

/** Three digits, without an exponent: 24.7, 2,950. */
const ms = (value: number | null) =>
  value === null ? '' : Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 3 });

/** What the adapter can do at most: one number, or the least and the most of several measurements. */
export function rooflineText(peaks: readonly Roofline[]): string {
  const table = new Table({
    head: ['roofline', peaks.length > 1 ? `measured ${peaks.length} times, least–most` : 'measured'],
    colAligns: ['left', 'right'],
    style: { head: [], border: [] },
  });
  const row = (name: string, key: keyof Roofline, digits: number, unit: string) =>
    table.push([
      name,
      `${rangeText(
        peaks.map(peak => peak[key]),
        digits,
      )} ${unit}`,
    ]);
  row('multiply-add, float32', 'gflops', 1, 'GFLOP/s');
  row('copy, bytes read and written', 'gbytesPerSecond', 1, 'GB/s');
  row('exponential', 'gexpPerSecond', 2, 'G/s');
  row('dispatch in a pass', 'dispatchMicros', 1, 'µs');
  row('submission, one of many', 'submitMicros', 0, 'µs');
  row('submission, waited for', 'submitAndWaitMs', 2, 'ms');
  return compact(table);
}

/** The least and the most, or one number where they read the same. */
function rangeText(values: readonly number[], digits: number): string {
  const ends = [leastOf(values), mostOf(values)].map(value => value.toFixed(digits));
  return ends[0] === ends[1] ? ends[0]! : ends.join('–');
}

/** One table and its ratios a problem, in 100 columns. `peaks`: of the adapter whose rows have no share of another. */
export function rowsText(rows: readonly Row[], peaks: readonly Roofline[]): string {
  return byProblem(rows)
    .map(
      group =>
        `\n${title(group[0]!)}\n${tableOf(group, peaks)}\n${ratioLine(group)
          .split('\n')
          .map(line => wrapped(line))
          .join('\n')}`,
    )
    .join('\n');
}

function title(row: Row): string {
  return row.model ? `${problemName(row)}, ${row.model}` : problemName(row);
}

function tableOf(rows: readonly Row[], peaks: readonly Roofline[]): string {
  const training = rows[0]!.suite === 'training';
  const attention = rows[0]!.suite === 'attention';
  const head = [
    'implementation',
    training ? 'ms a step' : 'median ms',
    'min–max',
    'cold ms',
    ...(training ? ['sequences/s'] : []),
    ...(attention ? ['GFLOP/s', 'of peak'] : []),
    'max error',
  ];
  const table = new Table({
    head,
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    style: { head: [], border: [], 'padding-left': 0 },
  });
  for (const row of rows) {
    if (row.problem !== undefined) {
      table.push([row.implementation, { colSpan: head.length - 1, content: row.problem }]);
      continue;
    }
    const error = row.maxError === null ? 'not finite' : row.maxError.toExponential(1);
    table.push([
      row.implementation,
      ms(row.medianMs),
      `${ms(row.minMs)}–${ms(row.maxMs)}`,
      ms(row.coldMs),
      ...(training ? [Math.round(row.sequencesPerSecond ?? 0).toLocaleString('en')] : []),
      ...(attention ? [row.gflops?.toFixed(2) ?? '', shareText(row, peaks)] : []),
      row.correct ? error : `WRONG ${error}`,
    ]);
  }
  const versions = new Set(
    rows
      .filter(({ problem }) => problem === undefined)
      .map(({ implementation, version }) => `${implementation.split('/')[0]} ${version}`),
  );
  return `${compact(table)}\n${wrapped([...versions].join(', '))}`;
}

/** A row's share of the peak, which may have moved: of the highest and the lowest that was measured. */
function shareText({ gflops, shareOfPeak }: Row, peaks: readonly Roofline[]): string {
  if (gflops === null || shareOfPeak === null) return '';
  const shares = peaks.map(peak => (100 * gflops) / peak.gflops);
  // A row of another benchmark has its own peak.
  const own = shares.some(share => Math.abs(share - 100 * shareOfPeak) < 1e-6);
  return `${rangeText(own ? shares : [100 * shareOfPeak], 1)} %`;
}

/** Each correct row's time as a multiple of our fastest correct one's, and the fastest peers by name. */
export function ratioLine(rows: readonly Row[]): string {
  const { ours, onAdapter, fastest, ratios, wrong, failed } = standing(rows);
  const names = (some: readonly Row[]) => some.map(row => row.implementation).join(', ');
  const left = [
    wrong.length > 0 ? `wrong: ${names(wrong)}` : '',
    failed.length > 0 ? `no times: ${names(failed)}` : '',
  ].filter(Boolean);
  if (!ours) return ['No implementation of ours has a correct time here', ...left].join('; ');
  const unit = ours.suite === 'training' ? 'Time a sequence' : 'Time';
  const times = ratios.map(({ row, ratio }) => `${row.implementation} ${ratio.toPrecision(3)}×`);
  const of = (peer: Row | undefined) => ratios.find(({ row }) => row === peer)!.ratio.toPrecision(3);
  const against = [
    onAdapter
      ? `${of(onAdapter)}× the fastest correct peer on this adapter (${onAdapter.implementation})`
      : '',
    fastest && fastest !== onAdapter ? `${of(fastest)}× the fastest of all (${fastest.implementation})` : '',
  ].filter(Boolean);
  return [
    `${ours.implementation} against the peers: ${against.join(', ') || 'no correct peer'}`,
    [
      `${unit}, in units of ${ours.implementation}: ${times.join(', ') || 'nothing to compare'}`,
      ...left,
    ].join('; '),
  ].join('\n');
}
