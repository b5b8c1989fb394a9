import { standalone } from '../report/figures/compose.ts';
import figureStyle from '../report/figures/figure.css?raw';
import type { Figure } from '../report/figures/figure.ts';
import { html, markup } from '../report/html.ts';
import { figureHtml } from '../report/page/figure.ts';
import style from '../report/page/style.css?raw';
import { tableHtml } from '../report/page/table.ts';
import { serverCanvas } from '../report/report.ts';
import { LIGHT, themeCss } from '../report/theme.ts';
import { writeWhole } from '../shared/whole-file.ts';
import { benchFigure } from './chart.ts';
import type { Report, Row } from './rows.ts';

/**
 * Writes what was measured as a chart: an SVG file, or a page with the table, by the file's ending.
 * @throws InputError when it cannot be written.
 */
export async function writeChart(report: Report, rows: readonly Row[], file: string): Promise<void> {
  const { adapter, runtimeVersion } = report;
  const machine = `${adapter.vendor} ${adapter.architecture} in ${runtimeVersion}`;
  const figure = benchFigure(await serverCanvas(), rows, machine);
  await writeWhole(file, file.endsWith('.svg') ? standalone(figure).svg : page(figure, rows, machine));
}

const digits = (value: number | null) => (value === null ? '' : value.toPrecision(3));

function page(figure: Figure, rows: readonly Row[], machine: string): string {
  const table = tableHtml({
    caption: `Every row, on ${machine}; times in ms`,
    head: [
      ...['implementation', 'version', 'suite', 'T', 'D', 'heads', 'median', 'min', 'max', 'cold'],
      ...['GFLOP/s', 'share of peak', 'max error', 'correct', 'adapter'],
    ],
    numeric: [3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    rows: rows.map(row => [
      row.implementation,
      row.version,
      row.suite === 'training' ? `training ${row.model ?? ''}` : `${row.suite} ${row.direction}`,
      ...[row.T, row.D, row.heads],
      ...[row.medianMs, row.minMs, row.maxMs, row.coldMs, row.gflops, row.shareOfPeak].map(digits),
      row.maxError === null ? '' : row.maxError.toExponential(1),
      row.problem ?? (row.correct ? 'yes' : 'WRONG'),
      row.adapter,
    ]),
  });
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>lengthwise bench: ${machine}</title>
<style>${markup(`:root{${themeCss(LIGHT)}}${figureStyle}${style}`)}</style>
</head>
<body>
<main>
<h1>Kernels against peers</h1>
<p>${machine}</p>
${figureHtml(figure, [])}
${table}
</main>
</body>
</html>
`.text;
}
