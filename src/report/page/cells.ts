import { hasClasses } from '../../analysis/accuracy.ts';
import { Baselines } from '../../analysis/baseline.ts';
import { plateauOf } from '../../analysis/plateau.ts';
import { labelOf, symbolOf } from '../../results/axes.ts';
import type { Run } from '../../results/runs.ts';
import { plateauFrames, type SeedSpread } from '../frames.ts';
import { type Content, type Html, html } from '../html.ts';
import { numberText, shareText } from '../names.ts';
import { tableHtml } from './table.ts';

/** Rows of a table that a page holds: with 10^5 no browser would open it. */
const MOST_ROWS = 2000;

/** Plateaus and training losses over seeds: the numbers behind the figures. */
export function plateauTable(run: Run): Html {
  const { name, cells } = run;
  const baselines = Baselines.ofRun(run);
  const spread = (
    { mean, interval, seeds, lost }: SeedSpread,
    predictMean: number | undefined,
  ): Content[] => [
    mean === null ? 'none' : numberText(mean),
    mean === null || !predictMean ? '–' : shareText(mean / predictMean),
    interval ? interval.map(end => numberText(end, 2)).join(' … ') : '–',
    html`${seeds.length}${lost > 0 && html` <small>${lost} without</small>`}`,
  ];
  const rows = plateauFrames(cells);
  const part = rows.length > MOST_ROWS ? ` The first ${MOST_ROWS} of ${rows.length} rows.` : '';
  return html`<details><summary>The numbers of ${name}</summary>
${tableHtml({
  caption: `${name}: geometric means over seeds with 95 % intervals${hasClasses(cells) ? '; plateaus are error rates' : '; share: of the loss of predicting the mean, on strings as long as those of the loss'}.${part}`,
  paged: true,
  head: [
    'setting',
    'N',
    'plateau',
    'share',
    '95 % interval',
    'seeds',
    'training loss',
    'share',
    '95 % interval',
    'seeds',
  ],
  numeric: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  rows: rows
    .slice(0, MOST_ROWS)
    .map(({ axes, trainLength, plateau, trainLoss }) => [
      labelOf(axes) || 'all cells',
      trainLength,
      ...spread(plateau, baselines.plateau(axes)),
      ...spread(trainLoss, baselines.training({ ...axes, 'train.length': trainLength })),
    ]),
})}</details>
`;
}

/** Every cell of a run, diverged ones included and marked. */
export function cellsHtml({ name, cells }: Run): Html {
  if (cells.length === 0) return html`<p>${name}: no cell is finished.</p>`;
  const paths = [...new Set(cells.flatMap(({ axes }) => Object.keys(axes)))];
  const diverged = cells.filter(({ divergedAtStep }) => divergedAtStep !== null).length;
  const number = (value: number | null | undefined) => ({
    show: value === null || value === undefined ? '–' : numberText(value),
    sort: value ?? 'none',
  });
  const first = paths.length;
  return html`<details><summary>${cells.length} cells of ${name}${diverged > 0 && `, ${diverged} diverged`}</summary>
${tableHtml({
  caption:
    cells.length <= MOST_ROWS
      ? `${name}: every cell that was trained. Column heads sort.`
      : `${name}: the first ${MOST_ROWS} of ${cells.length} cells that were trained; all of them are in the data below. Column heads sort.`,
  paged: true,
  head: [
    'cell',
    ...paths.map(symbolOf),
    'plateau',
    'training loss',
    'state',
    'log₁₀ C(f), range',
    'effective γ',
    'steps',
    'seconds',
  ],
  numeric: [...paths.map((_, i) => i + 1), first + 1, first + 2, first + 4, first + 5, first + 6, first + 7],
  sortable: true,
  rows: cells
    .slice(0, MOST_ROWS)
    .map(cell => [
      html`<code>${cell.cell}</code>`,
      ...paths.map(path => String(cell.axes[path] ?? '–')),
      number(cell.test.length === 0 ? null : plateauOf(cell)),
      number(cell.trainLoss),
      cell.divergedAtStep === null
        ? 'trained'
        : html`<span class="bad">diverged at step ${cell.divergedAtStep}</span>`,
      number(cell.theory?.complexity.range),
      number(cell.theory?.effectiveMargin),
      number(cell.steps),
      number(cell.seconds),
    ]),
})}</details>
`;
}
