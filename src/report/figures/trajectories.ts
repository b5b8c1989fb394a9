import { leastOf, mostOf } from '../../shared/extremes.ts';
import { numberText } from '../names.ts';
import { token } from '../theme.ts';
import { channels, draw, logDomain, lossAxis, plainAxis } from './draw.ts';
import { type Canvas, type Figure, type Key, PANEL } from './figure.ts';

/** Points of a line that are drawn: more than there are pixels say nothing. */
const MOST_POINTS = 600;

/** Losses of one cell along something; null where it was not finite. */
export interface Trajectory {
  key: Key;
  points: { x: number; loss: number | null; stderr: number | null }[];
}

/**
 * Losses of single cells along one axis, a line each, with bars of one standard error. Undefined where nothing has a loss above 0.
 * @param isLog whether the horizontal axis is logarithmic; the vertical one is unless `isLinear`
 */
export function trajectories(
  canvas: Canvas,
  id: string,
  lines: readonly Trajectory[],
  {
    title,
    axis,
    isLog,
    isLinear = false,
  }: { title: string; axis: string; isLog: boolean; isLinear?: boolean },
): Figure | undefined {
  const shown = lines.map(({ key, points }) => ({
    key,
    points: some(points).filter(({ x }) => !isLog || x > 0),
  }));
  const points = shown.flatMap(line => line.points);
  const losses = points.flatMap(({ loss }) => (loss !== null && loss > 0 ? [loss] : []));
  if (losses.length === 0) return undefined;
  const domain: [number, number] = isLinear ? [0, 1.05 * mostOf(losses)] : logDomain(losses);
  const xs = points.map(({ x }) => x);
  type Row = (typeof points)[number];
  const isDrawn = ({ loss }: Row) => loss !== null && loss > 0;
  return {
    id,
    title,
    caption: `Loss of each cell against the ${axis}; bars are one standard error.`,
    legend: { kind: 'keys', title: 'cell', keys: lines.map(({ key }) => key) },
    panels: [
      {
        title,
        height: PANEL.height,
        alt: `${title}: ${shown
          .map(
            ({ key, points: own }) =>
              `${key.label} ends at ${numberText(own.findLast(isDrawn)?.loss ?? null)}`,
          )
          .join('; ')}.`,
        svg: draw(canvas, {
          x: { type: isLog ? 'log' : 'linear', domain: [leastOf(xs), mostOf(xs)] },
          y: { type: isLinear ? 'linear' : 'log', domain, clamp: true },
          marks: [
            ...(isLinear ? plainAxis(canvas) : lossAxis(canvas, domain)),
            canvas.Plot.axisX({
              label: axis,
              labelAnchor: 'center',
              labelArrow: 'none',
              labelOffset: 32,
              color: token('muted'),
              tickSize: 4,
              ticks: 5,
              tickFormat: '~s',
            }),
            ...shown.flatMap(({ key, points: own }) => [
              canvas.Plot.line(
                own,
                channels<Row>({
                  x: 'x',
                  y: (row: Row) => (isDrawn(row) ? row.loss : Number.NaN),
                  stroke: key.colour,
                  strokeWidth: 1.4,
                  ...(key.dash ? { strokeDasharray: key.dash } : {}),
                }),
              ),
              canvas.Plot.ruleX(
                own.filter(row => isDrawn(row) && row.stderr !== null),
                channels<Row>({
                  x: 'x',
                  y1: (row: Row) => Math.max(domain[0], row.loss! - row.stderr!),
                  y2: (row: Row) => row.loss! + row.stderr!,
                  stroke: key.colour,
                }),
              ),
            ]),
          ],
        }),
      },
    ],
  };
}

function some<T>(points: readonly T[]): readonly T[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return every <= 1 ? points : points.filter((_, i) => i % every === 0 || i === points.length - 1);
}
