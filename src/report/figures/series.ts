import type { Markish } from '@observablehq/plot';
import type { Measure } from '../../analysis/accuracy.ts';
import type { SeedSpread } from '../frames.ts';
import { channels, draw, lengthAxis, lengthScale, lossAxis } from './draw.ts';
import type { Canvas, Key } from './figure.ts';

/** Dots of single seeds at one point: more are a blot. */
export const MOST_DOTS = 20;

/** A point of a series over lengths. */
export interface SeriesPoint {
  x: number;
  spread: SeedSpread;
  /** Drawn as a ring. */
  isHollow?: boolean;
}

/** A line through the means with its intervals, every seed a faint dot. Intervals are a band, or bars. */
export function seriesMarks(
  { Plot }: Canvas,
  points: readonly SeriesPoint[],
  { colour, symbol, dash }: Key,
  [low, high]: readonly [number, number],
  intervals: 'band' | 'bars',
): Markish[] {
  const drawn = points.flatMap(({ x, spread: { mean, interval }, isHollow = false }) =>
    mean === null
      ? []
      : [
          {
            x,
            mean,
            low: Math.max(low, interval?.[0] ?? mean),
            high: Math.min(high, interval?.[1] ?? mean),
            isHollow,
          },
        ],
  );
  const seeds = points.flatMap(({ x, spread }) => someOf(spread.seeds).map(loss => ({ x, loss })));
  type Row = (typeof drawn)[number];
  const at = { x: (row: Row) => row.x };
  return [
    intervals === 'band'
      ? Plot.areaY(
          drawn,
          channels<Row>({
            ...at,
            y1: (row: Row) => row.low,
            y2: (row: Row) => row.high,
            fill: colour,
            fillOpacity: 0.13,
          }),
        )
      : Plot.ruleX(
          drawn,
          channels<Row>({
            ...at,
            y1: (row: Row) => row.low,
            y2: (row: Row) => row.high,
            stroke: colour,
            strokeWidth: 1.3,
            marker: 'none',
          }),
        ),
    Plot.dot(
      seeds,
      channels<{ x: number; loss: number }>({ x: 'x', y: 'loss', r: 1.4, fill: colour, fillOpacity: 0.45 }),
    ),
    Plot.line(
      drawn,
      channels<Row>({
        ...at,
        y: (row: Row) => row.mean,
        stroke: colour,
        strokeWidth: 1.6,
        ...(dash ? { strokeDasharray: dash } : {}),
      }),
    ),
    Plot.dot(
      drawn,
      channels<Row>({
        ...at,
        y: (row: Row) => row.mean,
        r: 3.6,
        fill: (row: Row) => (row.isHollow ? 'var(--paper)' : colour),
        stroke: (row: Row) => (row.isHollow ? colour : 'var(--paper)'),
        strokeWidth: 1,
        ...(symbol ? { symbol } : {}),
      }),
    ),
  ];
}

/** Of many seeds, some that are evenly apart in their order. */
function someOf(seeds: readonly number[]): readonly number[] {
  const every = Math.ceil(seeds.length / MOST_DOTS);
  return every <= 1 ? seeds : seeds.filter((_, i) => i % every === 0);
}

/** A panel of losses, or of what `measure` says, over lengths, both logarithmic. */
export function lossPanel(
  canvas: Canvas,
  domain: [number, number],
  lengths: readonly number[],
  label: string,
  marks: Markish[],
  measure: Measure = 'loss',
): string {
  return draw(canvas, {
    x: lengthScale(lengths),
    y: { type: 'log', domain, clamp: true },
    marks: [...lossAxis(canvas, domain, measure), ...lengthAxis(canvas, lengths, label), ...marks],
  });
}
