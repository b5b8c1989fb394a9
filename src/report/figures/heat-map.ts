import { measureOf } from '../../analysis/accuracy.ts';
import { labelOf } from '../../results/axes.ts';
import type { CellResult } from '../../results/schema.ts';
import { leastOf, mostOf } from '../../shared/extremes.ts';
import { lossPoints, settingsOf } from '../frames.ts';
import { capital, lengthTick, numberText } from '../names.ts';
import { inkOn, token, viridis } from '../theme.ts';
import { channels, draw } from './draw.ts';
import { type Canvas, type Figure, MOST_PANELS, PANEL, panelsLeft } from './figure.ts';

/** Columns up to which every square carries its number. */
const MOST_NUMBERED = 8;
const ROW_PIXELS = 24;

/** Loss over training length × test length, a panel for each setting of the knobs. Undefined without losses. */
export function lossMap(canvas: Canvas, id: string, cells: readonly CellResult[]): Figure | undefined {
  const measure = measureOf(cells);
  const settings = settingsOf(cells);
  const panels = settings
    .slice(0, MOST_PANELS)
    .map(setting => ({ ...setting, points: lossPoints(setting.cells) }));
  const logs = panels.flatMap(({ points }) =>
    points.flatMap(({ loss: { mean } }) => (mean === null ? [] : [Math.log10(mean)])),
  );
  if (logs.length === 0) return undefined;
  const [low, high] = [leastOf(logs), mostOf(logs)];
  // Light is little loss: the good corner shines.
  const shade = (mean: number) => (high - low < 1e-9 ? 1 : (high - Math.log10(mean)) / (high - low));
  return {
    id,
    title: `${capital(measure)} over training and test length`,
    caption: `Every combination of training length N (rows) and test length T (columns), geometric mean over seeds. Rows that keep one shade have reached their plateau.${panelsLeft(panels.length, settings.length)}`,
    legend: { kind: 'ramp', title: measure, low: numberText(10 ** high, 2), high: numberText(10 ** low, 2) },
    panels: panels.map(({ axes, points }) => {
      const title = labelOf(axes) || 'all cells';
      const rows = [...new Set(points.map(({ trainLength }) => trainLength))].sort((a, b) => b - a);
      const columns = [...new Set(points.map(({ testLength }) => testLength))].sort((a, b) => a - b);
      const height = 66 + ROW_PIXELS * rows.length;
      const squares = points.map(({ trainLength, testLength, loss: { mean } }) => ({
        trainLength,
        testLength,
        mean,
        at: mean === null ? 0 : shade(mean),
      }));
      type Square = (typeof squares)[number];
      const place = { x: (d: Square) => d.testLength, y: (d: Square) => d.trainLength };
      const filled = squares.filter(({ mean }) => mean !== null);
      return {
        title,
        height,
        alt: `${title}: ${rows
          .map(row => {
            const own = filled.filter(({ trainLength }) => trainLength === row);
            const [first, last] = [own[0], own.at(-1)];
            return first && last
              ? `N = ${row} from ${numberText(first.mean, 2)} at T = ${first.testLength} to ${numberText(last.mean, 2)} at T = ${last.testLength}`
              : `N = ${row} diverged`;
          })
          .join('; ')}.`,
        svg: draw(canvas, {
          height,
          marginLeft: 42,
          marginRight: 6,
          x: { type: 'band', domain: columns, padding: 0.04 },
          y: { type: 'band', domain: rows, padding: 0.06 },
          marks: [
            canvas.Plot.axisX(thinned(columns), {
              label: 'test length T',
              labelAnchor: 'center',
              labelArrow: 'none',
              labelOffset: 32,
              tickFormat: lengthTick,
              color: token('muted'),
              tickSize: 0,
              tickPadding: 7,
            }),
            canvas.Plot.axisY(rows, {
              label: 'N',
              labelAnchor: 'top',
              labelArrow: 'none',
              labelOffset: 42,
              tickFormat: lengthTick,
              color: token('muted'),
              tickSize: 0,
            }),
            canvas.Plot.cell(filled, channels<Square>({ ...place, fill: (d: Square) => viridis(d.at) })),
            canvas.Plot.text(
              squares.filter(({ mean }) => mean === null),
              channels<Square>({ ...place, text: () => '×', fill: token('muted') }),
            ),
            ...(columns.length <= MOST_NUMBERED
              ? [
                  canvas.Plot.text(
                    filled,
                    channels<Square>({
                      ...place,
                      text: (d: Square) => brief(d.mean!),
                      fill: (d: Square) => inkOn(d.at),
                      fontSize: columns.length > 6 ? 8.5 : 10,
                    }),
                  ),
                ]
              : []),
          ],
        }),
      };
    }),
  };
}

/** As few ticks as have room. */
function thinned(columns: readonly number[]): number[] {
  const step = Math.ceil(columns.length / Math.floor((PANEL.width - 48) / 32));
  return columns.filter((_, i) => (columns.length - 1 - i) % step === 0);
}

/** One digit, and its power where it is small. */
function brief(value: number): string {
  return value >= 0.0095 ? value.toPrecision(1) : value.toExponential(0).replace('e-', 'e−');
}
