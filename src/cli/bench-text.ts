import Table from 'cli-table3';
import { problemName } from '../bench/problems.ts';
import { byProblem, standing } from '../bench/ratios.ts';
import type { Row } from '../bench/rows.ts';
import type { Roofline } from '../shared/protocol.ts';

const ms = (value: number | null) => (value === null ? '' : value.toPrecision(3));

/** What the adapter can do at most. */
export function rooflineText(peak: Roofline): string {
  const table = new Table({
    head: ['roofline', 'measured'],
    colAligns: ['left', 'right'],
    style: { head: [], border: [] },
  });
  table.push(
    ['multiply-add, float32', `${peak.gflops.toFixed(1)} GFLOP/s`],
    ['copy, bytes read and written', `${peak.gbytesPerSecond.toFixed(1)} GB/s`],
    ['exponential', `${peak.gexpPerSecond.toFixed(2)} G/s`],
    ['dispatch in a pass', `${peak.dispatchMicros.toFixed(1)} µs`],
    ['submission, one of many', `${peak.submitMicros.toFixed(0)} µs`],
    ['submission, waited for', `${peak.submitAndWaitMs.toFixed(2)} ms`],
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
