import Table from 'cli-table3';
import chart from 'simple-ascii-chart';
import { max, min } from 'simple-statistics';
import { hasClasses, measureOf } from '../analysis/accuracy.ts';
import type { Baseline, Baselines } from '../analysis/baseline.ts';
import { plateauPoints, type SeedMean, tailLengths } from '../analysis/plateau.ts';
import { lengthRows, type TheoryPoint, theoryPoints } from '../analysis/predicted.ts';
import { shareText } from '../report/names.ts';
import { type Axes, labelOf, settingOf } from '../results/axes.ts';
import type { CellResult } from '../results/schema.ts';
import { columnOf } from '../sweep/summary.ts';
import { CERTIFIED } from '../theory/bounds.ts';
import type { Quantity } from '../theory/defined.ts';
import { compact } from './compact.ts';
import { infinite, lengthText } from './numbers.ts';
import { wrapped } from './wrapped.ts';

/**
 * The verdict for people: plateau loss by training length and knob, with its share of the loss of predicting the mean, the training
 * loss beside it, baselines below.
 */
export function summaryText(cells: readonly CellResult[], baselines: Baselines): string {
  const points = plateauPoints(cells);
  const settings = new Map<string, Axes>(points.map(({ axes }) => [columnOf(axes), axes]));
  const columns = [...settings.keys()];
  const lengths = [...new Set(points.map(point => point.trainLength))].sort((a, b) => a - b);
  const keyOf = (length: number, column: string) => `${length} ${column}`;
  const byKey = new Map(points.map(point => [keyOf(point.trainLength, columnOf(point.axes)), point]));
  const tail = tailLengths(cells[0]!);
  const table = new Table({
    head: ['training length N', ...columns.flatMap(column => [column, 'training loss'])],
    colAligns: ['right', ...columns.flatMap(() => ['right', 'right'] as const)],
    style: { head: [], border: [] },
  });
  for (const length of lengths) {
    table.push([
      String(length),
      ...columns.flatMap(column => {
        const point = byKey.get(keyOf(length, column));
        const yardstick = baselines.plateau(settings.get(column)!);
        return point ? [meanText(point.plateau, yardstick), meanText(point.trainLoss)] : ['', ''];
      }),
    ]);
  }
  for (const [name, pick] of BASELINES) {
    const values = columns.map(column => pick(baselines.of(settings.get(column)!)));
    if (values.some(value => value !== undefined)) {
      table.push([name, ...values.flatMap(value => [value === undefined ? '' : value.toExponential(2), ''])]);
    }
  }
  const seeds = max(points.map(({ plateau }) => plateau.seeds + plateau.diverged));
  return [
    `Plateau ${hasClasses(cells) ? 'error rate (1 − exact match)' : 'loss'}: geometric mean over test lengths ${tail[0]}…${tail.at(-1)} and over ${seeds} seed${seeds === 1 ? '' : 's'} (×÷ standard error${hasClasses(cells) ? '' : '; % of predicting the mean'})`,
    compact(table),
  ].join('\n');
}

/** Rows of the theory table at most; the rest is in cells.jsonl. */
const THEORY_ROWS = 40;

/** A column of the theory table: what it is, and what null means where it is defined. */
const THEORY_COLUMNS: { head: string; quantity: Quantity; text: (point: TheoryPoint) => string }[] = [
  { head: 'log10 C: norm', quantity: 'complexity', text: ({ complexity }) => logText(complexity.norm) },
  { head: 'range', quantity: 'complexity', text: ({ complexity }) => logText(complexity.range) },
  {
    head: 'empirical',
    quantity: 'simulation',
    text: ({ complexity: { empirical } }) => (empirical === null ? 'none' : empirical.toFixed(2)),
  },
  { head: 'logit γ', quantity: 'logitMargin', text: point => infinite(point.logitMargin) },
  { head: 'attainable γ', quantity: 'logitMargin', text: point => infinite(point.attainableLogitMargin) },
  { head: 'effective γ', quantity: 'effectiveMargin', text: point => infinite(point.effectiveMargin) },
  { head: 'positional γ', quantity: 'positionalMargin', text: point => infinite(point.positionalMargin) },
  { head: 'L', quantity: 'lipschitz', text: point => infinite(point.lipschitz) },
];

/** What the theory says of the trained weights, beside the plateau: what is defined for some of them. Empty when no cell carries theory. */
export function theorySummary(cells: readonly CellResult[]): string {
  const points = theoryPoints(cells);
  if (points.length === 0) return '';
  const plateaus = plateauPoints(cells);
  const columns = THEORY_COLUMNS.filter(({ quantity }) =>
    points.some(({ notDefined }) => notDefined[quantity] === undefined),
  );
  if (columns.length === 0) {
    const reasons = new Set(points.flatMap(({ notDefined }) => Object.values(notDefined)));
    return `Theory of the trained weights: norms only, in cells.jsonl; no margins, C(f) or bounds are defined for ${[...reasons].join(', ')}.`;
  }
  const table = new Table({
    head: ['trained cells', 'plateau', ...columns.map(({ head }) => head)],
    colAligns: ['left', 'right', ...columns.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  for (const point of points.slice(0, THEORY_ROWS)) {
    const { axes, trainLength, notDefined } = point;
    const plateau = plateaus.find(other => JSON.stringify(other.axes) === JSON.stringify(axes))!.plateau;
    table.push([
      [labelOf(settingOf(axes)), `N = ${trainLength}`].filter(Boolean).join(', '),
      plateau.mean === null ? 'diverged' : plateau.mean.toExponential(2),
      ...columns.map(({ quantity, text }) => (notDefined[quantity] === undefined ? text(point) : '–')),
    ]);
  }
  const rest = points.length - THEORY_ROWS;
  return [
    'Theory of the trained weights: C(f), margins γ, L(f); medians over seeds',
    compact(table),
    ...(points.some(({ notDefined }) => columns.some(({ quantity }) => notDefined[quantity] !== undefined))
      ? ['–: not defined for this model.']
      : []),
    ...(rest > 0 ? [`… and ${rest} more rows in cells.jsonl.`] : []),
  ].join('\n');
}

function logText(log: number | null): string {
  return log === null ? '−∞' : log.toFixed(1);
}

/** Predicted and measured training lengths side by side. Empty when no cell carries theory. */
export function lengthSummary(cells: readonly CellResult[], epsilons: readonly number[]): string {
  const rows = lengthRows(cells, epsilons).filter(({ predicted }) => predicted.length > 0);
  if (rows.length === 0) return '';
  const names = [...new Set(rows.flatMap(({ predicted }) => predicted.map(({ name }) => name)))];
  const table = new Table({
    head: ['cells', 'plateau ≤', 'measured N', ...names],
    style: { head: [], border: [] },
  });
  for (const { axes, epsilon, measured, longestTrained, predicted } of rows) {
    table.push([
      labelOf(settingOf(axes)) || 'all',
      epsilon,
      measured === null ? `> ${longestTrained}` : `${measured}`,
      ...names.map(name => {
        const bound = predicted.find(other => other.name === name);
        if (!bound) return '';
        const range = bound.log10NRange === undefined ? '' : `\nrange C: ${lengthText(bound.log10NRange)}`;
        return lengthText(bound.log10N) + range;
      }),
    ]);
  }
  return [
    'Training length, measured and predicted: the least N trained whose mean plateau is below the loss, beside each bound at its square',
    'root, the error that this loss stands for (medians over the seeds of the longest N; statements: `lengthwise theory <model>`)',
    compact(table),
    ...(names.includes('certificate') ? [wrapped(`certificate: for ${CERTIFIED}.`)] : []),
  ].join('\n');
}

const BASELINES: [string, (baseline: Baseline | undefined) => number | undefined][] = [
  ['predict the mean', baseline => baseline?.predictMean],
  ['order-0 predictor', baseline => baseline?.orderZero],
];

function meanText({ mean, factor, seeds, diverged }: SeedMean, yardstick?: number): string {
  const lost = diverged > 0 ? ` (${diverged} of ${seeds + diverged} diverged)` : '';
  if (mean === null) return `all ${diverged} diverged`;
  const share = yardstick === undefined ? '' : ` (${shareText(mean / yardstick)})`;
  return `${mean.toExponential(2)}${factor === null ? '' : ` ×÷ ${factor.toPrecision(2)}`}${share}${lost}`;
}

/** Charts shown at most. */
const CHARTS = 4;

/** log10 plateau against N, one small chart a setting of the knobs on a common scale. Readable without colour, in 80 columns. */
export function plateauCharts(cells: readonly CellResult[]): string {
  const points = plateauPoints(cells);
  const columns = [...new Set(points.map(({ axes }) => columnOf(axes)))];
  const series = columns
    .slice(0, CHARTS)
    .map(column => ({
      column,
      line: points
        .filter(
          point => columnOf(point.axes) === column && point.plateau.mean !== null && point.plateau.mean > 0,
        )
        .map(point => [Math.log2(point.trainLength), Math.log10(point.plateau.mean!)] as [number, number])
        .sort((a, b) => a[0] - b[0]),
    }))
    .filter(({ line }) => line.length > 1);
  if (series.length === 0) return '';
  const logs = series.flatMap(({ line }) => line.map(([, log]) => log));
  const yRange: [number, number] = [Math.floor(min(logs)), Math.ceil(max(logs))];
  const charts = series.map(({ column, line }) => {
    const formatter = (value: number, { axis }: { axis: 'x' | 'y' }) =>
      axis === 'x' ? `${2 ** value}` : value.toFixed(1);
    const drawn = chart(line, {
      width: 56,
      height: 9,
      yRange,
      mode: 'point',
      showTickLabel: false,
      formatter,
    });
    return `log10 plateau ${measureOf(cells)} against training length N: ${column}${drawn.trimEnd()}`;
  });
  return charts.join('\n\n');
}
