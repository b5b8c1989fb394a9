import Table from 'cli-table3';
import { problemName } from '../bench/problems.ts';
import type { BenchAnswer } from '../bench/protocol.ts';
import { byProblem, standing } from '../bench/ratios.ts';
import type { Row } from '../bench/rows.ts';

type Measured = Extract<BenchAnswer, { event: 'measured' }>;

const ms = (value: number | null) => (value === null ? '' : value.toPrecision(3));

/** What the adapter can do at most. */
export function rooflineText(measured: Measured): string {
  const { peak, gexpsPerSecond, dispatchMicroseconds, submitMicroseconds } = measured;
  const table = new Table({
    head: ['roofline', 'measured'],
    colAligns: ['left', 'right'],
    style: { head: [], border: [] },
  });
  table.push(
    ['multiply-add', `${peak.gflops.toFixed(1)} GFLOP/s`],
    ['copy, bytes read and written', `${peak.gbytesPerSecond.toFixed(1)} GB/s`],
    ['exponential', `${gexpsPerSecond.toFixed(2)} G/s`],
    ['dispatch in a pass', `${dispatchMicroseconds.toFixed(1)} µs`],
    ['submit and wait', `${submitMicroseconds.toFixed(0)} µs`],
  );
  return table.toString();
}

/** One table and one line of ratios a problem. */
export function rowsText(rows: readonly Row[]): string {
  return byProblem(rows)
    .map(group => `\n${title(group[0]!)}\n${tableOf(group)}\n${ratioLine(group)}`)
    .join('\n');
}

function title(row: Row): string {
  return row.model ? `${problemName(row)}, ${row.model}` : problemName(row);
}

function tableOf(rows: readonly Row[]): string {
  const training = rows[0]!.suite === 'training';
  const attention = rows[0]!.suite === 'attention';
  const table = new Table({
    head: [
      'implementation',
      'version',
      training ? 'median ms a step' : 'median ms',
      'min–max',
      'cold ms',
      ...(training ? ['sequences/s'] : []),
      ...(attention ? ['GFLOP/s', 'of peak'] : []),
      'max error',
      'correct',
    ],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    const name = [row.implementation, row.version];
    if (row.problem !== undefined) {
      table.push([...name, { colSpan: attention ? 7 : training ? 6 : 5, content: row.problem }]);
      continue;
    }
    table.push([
      ...name,
      ms(row.medianMs),
      `${ms(row.minMs)}–${ms(row.maxMs)}`,
      ms(row.coldMs),
      ...(training ? [Math.round(row.sequencesPerSecond ?? 0).toLocaleString('en')] : []),
      ...(attention ? [row.gflops?.toFixed(2) ?? '', `${(100 * (row.shareOfPeak ?? 0)).toFixed(1)} %`] : []),
      row.maxError === null ? 'not finite' : row.maxError.toExponential(1),
      row.correct ? 'yes' : 'WRONG',
    ]);
  }
  return table.toString();
}

/** How many times faster our fastest correct row is than each correct other one. */
export function ratioLine(rows: readonly Row[]): string {
  const { ours, fastestPeer, ratios, wrong } = standing(rows);
  if (!ours) return 'No implementation of ours has a correct time here.';
  const times = ratios.map(
    ({ row, ratio }) =>
      `${ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)}× ${row.implementation}${row === fastestPeer ? ' (fastest correct peer)' : ''}`,
  );
  const slower = times.length > 0 ? `: ${times.join(', ')}` : '';
  const left = wrong.length > 0 ? `; not compared: ${wrong.map(row => row.implementation).join(', ')}` : '';
  return `${ours.implementation} in ${ms(ours.medianMs)} ms is faster by${slower || ' nothing to compare with'}${left}`;
}
