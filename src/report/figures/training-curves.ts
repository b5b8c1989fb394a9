import { labelOf } from '../../results/axes.ts';
import type { Curve } from '../../results/curve-file.ts';
import type { CellResult } from '../../results/schema.ts';
import { mostOf } from '../../shared/extremes.ts';
import { settingsOf } from '../frames.ts';
import { numberText } from '../names.ts';
import { ordered, token } from '../theme.ts';
import { channels, draw, logDomain, lossAxis } from './draw.ts';
import { type Canvas, type Figure, type Key, MOST_PANELS, PANEL, panelsLeft } from './figure.ts';

/** Points of a curve that are drawn: more say nothing in so few pixels. */
const MOST_POINTS = 120;
/** Curves of a panel: more are a blot. */
const MOST_CURVES = 60;

/** Cells whose curves a figure draws. */
export function cellsWithCurves(cells: readonly CellResult[]): string[] {
  return settingsOf(cells)
    .slice(0, MOST_PANELS)
    .flatMap(setting => setting.cells.slice(0, MOST_CURVES).map(({ cell }) => cell));
}

/**
 * Training loss against step, a line each cell, coloured by its training length, a panel for each setting of the knobs. Undefined without
 * curves.
 */
export function trainingCurves(
  canvas: Canvas,
  id: string,
  cells: readonly CellResult[],
  curves: Readonly<Record<string, Curve>>,
): Figure | undefined {
  const settings = settingsOf(cells);
  const trained = [...new Set(cells.map(({ axes }) => Number(axes['train.length'])))].sort((a, b) => a - b);
  const panels = settings.slice(0, MOST_PANELS).map(setting => ({
    title: labelOf(setting.axes) || 'all cells',
    lines: setting.cells.slice(0, MOST_CURVES).flatMap(({ cell, axes }) => {
      const points = curves[cell] ? pointsOf(curves[cell]) : [];
      return points.length > 1 ? [{ length: Number(axes['train.length']), points }] : [];
    }),
  }));
  const points = panels.flatMap(({ lines }) => lines.flatMap(line => line.points));
  if (points.length === 0) return undefined;
  const domain = logDomain(points.map(({ loss }) => loss));
  const steps = mostOf(points.map(({ step }) => step));
  const colourOf = (length: number) => ordered(trained.indexOf(length), trained.length);
  const keys: Key[] = trained.map(length => ({
    label: String(length),
    colour: colourOf(length),
    symbol: null,
  }));
  return {
    id,
    title: 'Training loss against step',
    caption: `How training went: the loss of the batches, a line for each cell, seeds included, by the training length N. A line that still falls at the end wants more steps; one that stays high has not learned.${panelsLeft(panels.length, settings.length)}`,
    legend: { kind: 'keys', title: 'training length N', keys },
    panels: panels.map(({ title, lines }) => ({
      title,
      height: PANEL.height,
      alt: `${title}: ${lines.map(({ length, points: own }) => `N = ${length} ends at ${numberText(own.at(-1)!.loss)}`).join('; ')}.`,
      svg: draw(canvas, {
        x: { type: 'linear', domain: [0, steps] },
        y: { type: 'log', domain, clamp: true },
        marks: [
          ...lossAxis(canvas, domain),
          canvas.Plot.axisX({
            label: 'step',
            labelAnchor: 'center',
            labelArrow: 'none',
            labelOffset: 32,
            color: token('muted'),
            tickSize: 4,
            ticks: 4,
            tickFormat: steps < 10_000 ? ',d' : '~s',
          }),
          ...lines.map(({ length, points: own }) =>
            canvas.Plot.line(
              own,
              channels<Point>({
                x: 'step',
                y: 'loss',
                stroke: colourOf(length),
                strokeWidth: 1,
                strokeOpacity: 0.8,
              }),
            ),
          ),
        ],
      }),
    })),
  };
}

interface Point {
  step: number;
  loss: number;
}

/** The points of a curve that a logarithmic axis can show; of many some, the last one among them. */
function pointsOf({ steps, losses }: Curve): Point[] {
  const every = Math.ceil(steps.length / MOST_POINTS);
  return steps.flatMap((step, i) => {
    const loss = losses[i] ?? 0;
    return loss > 0 && (i % every === 0 || i === steps.length - 1) ? [{ step, loss }] : [];
  });
}
