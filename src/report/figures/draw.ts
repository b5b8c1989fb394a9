import type { Markish, MarkOptions, PlotOptions, ScaleOptions } from '@observablehq/plot';
import { leastOf, mostOf } from '../../shared/extremes.ts';
import { lengthTick, powerOfTen } from '../names.ts';
import { token } from '../theme.ts';
import { type Canvas, PANEL } from './figure.ts';

/** Room around a panel's frame. */
const MARGIN = { marginLeft: 42, marginRight: 12, marginTop: 26, marginBottom: 36 };
/** Pixels that a tick's label wants. */
const TICK_PIXELS = 34;

/** Decades between the data and the frame. */
const EDGE = 0.12;
const FONT_PIXELS = 12;
/** Powers of ten up to which 2 and 5 stand between them. */
const MOST_BETWEEN = 2;

/** Draws one panel: markup without what Plot adds for pages of its own (a style sheet, a class, a size, labels of parts). */
export function draw({ Plot, document }: Canvas, options: PlotOptions): string {
  const { width, height } = PANEL;
  const svg = Plot.plot({ document, className: 'panel', width, height, ...MARGIN, ...options });
  // On the text: a DOM that is not a browser's takes seconds for this.
  const inner = svg.innerHTML
    .replace(/<style>[^<]*<\/style>/g, '')
    .replace(/ aria-[a-z]+="[^"]*"/g, '')
    .replaceAll('&nbsp;', '\u00a0');
  return `<svg viewBox="0 0 ${options.width ?? width} ${options.height ?? height}" fill="${token('ink')}" color="${token('ink')}" font-size="${FONT_PIXELS}" text-anchor="middle">${inner}</svg>`;
}

/** A horizontal axis of lengths, to the base 2, with a tick at as many of them as have room. */
export function lengthAxis(canvas: Canvas, lengths: readonly number[], label: string): Markish[] {
  const { Plot } = canvas;
  const ticks = thin(lengths, PANEL.width - MARGIN.marginLeft - MARGIN.marginRight);
  return [
    Plot.axisX(ticks, {
      label,
      labelAnchor: 'center',
      labelArrow: 'none',
      labelOffset: 32,
      tickFormat: lengthTick,
      color: token('muted'),
      tickSize: 4,
    }),
  ];
}

/** A horizontal axis of positions, from 1, of a drawing so many pixels wide. */
export function axisOfPositions({ Plot }: Canvas, length: number, width: number): Markish {
  return Plot.axisX({
    label: 'position',
    labelAnchor: 'center',
    labelArrow: 'none',
    labelOffset: 32,
    color: token('muted'),
    tickSize: 4,
    ticks: Math.min(length, Math.floor(width / TICK_PIXELS / 1.5)),
    tickFormat: (tick: number) => (Number.isInteger(tick) ? String(tick) : ''),
  });
}

/** The scale that belongs to `lengthAxis`. */
export function lengthScale(lengths: readonly number[]): ScaleOptions {
  const [low, high] = [leastOf(lengths), mostOf(lengths)];
  // One length alone would be a domain of no width.
  return { type: 'log', base: 2, domain: low === high ? [low / 2, high * 2] : [low / 1.12, high * 1.12] };
}

/** A logarithmic vertical axis with a rule at each tick: powers of ten, and 2 and 5 between them where there are few. */
export function lossAxis(canvas: Canvas, domain: readonly [number, number], label = 'loss'): Markish[] {
  const { Plot } = canvas;
  const ticks = logTicks(domain);
  return [
    Plot.ruleY(ticks, { stroke: token('rule') }),
    Plot.axisY(ticks, {
      label,
      labelAnchor: 'top',
      labelArrow: 'none',
      labelOffset: MARGIN.marginLeft,
      // Not as a tick format: d3 leaves out some of those between powers.
      text: (value: number) => tickText(value, ticks),
      color: token('muted'),
      tickSize: 0,
      tickPadding: 6,
    }),
  ];
}

/** A linear vertical axis with a rule at each tick. */
export function plainAxis({ Plot }: Canvas, label = 'loss'): Markish[] {
  return [
    Plot.gridY({ ticks: 5, stroke: token('rule'), strokeOpacity: 1 }),
    Plot.axisY({
      label,
      labelAnchor: 'top',
      labelArrow: 'none',
      labelOffset: MARGIN.marginLeft,
      color: token('muted'),
      ticks: 5,
      tickSize: 0,
      tickPadding: 6,
    }),
  ];
}

/** Ticks of a logarithmic axis, at most seven. */
export function logTicks([low, high]: readonly [number, number]): number[] {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first) / 6));
  const powers: number[] = [];
  for (let exponent = first; exponent <= last; exponent += step) powers.push(10 ** exponent);
  if (powers.length > MOST_BETWEEN) return powers;
  const between = Array.from({ length: last - first + 2 }, (_, i) => first - 1 + i).flatMap(exponent =>
    [1, 2, 5].map(digit => digit * 10 ** exponent),
  );
  return between.filter(value => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
}

function tickText(value: number, ticks: readonly number[]): string {
  const exponent = Math.floor(Math.log10(value) + 1e-9);
  const digit = Math.round(value / 10 ** exponent);
  // Powers alone are written as such, with others between them as plain numbers while these are short.
  if (digit === 1 && ticks.every(isPower)) return powerOfTen(exponent);
  if (exponent >= -3) return String(Number(value.toPrecision(1)));
  return digit === 1 ? powerOfTen(exponent) : `${digit}·${powerOfTen(exponent)}`;
}

function isPower(value: number): boolean {
  const log = Math.log10(value);
  return Math.abs(log - Math.round(log)) < 1e-6;
}

/** A range around values, and around interval ends as far as `reach` decades beyond them; at least a decade. */
export function logDomain(
  values: readonly number[],
  ends: readonly number[] = [],
  reach = 1,
): [number, number] {
  if (values.length === 0) return [0.1, 1];
  const logs = values.map(Math.log10);
  const [low, high] = [leastOf(logs), mostOf(logs)];
  const near = ends.filter(end => end > 0 && Number.isFinite(end)).map(Math.log10);
  const bottom = Math.max(low - reach, Math.min(low, leastOf(near))) - EDGE;
  const top = Math.min(high + reach, Math.max(high, mostOf(near))) + EDGE;
  const widen = Math.max(0, 1 - (top - bottom)) / 2;
  return [10 ** (bottom - widen), 10 ** (top + widen)];
}

/** Mark options as Plot types them, once the values are functions of a row. */
export function channels<T>(options: Record<string, unknown | ((row: T) => unknown)>): MarkOptions {
  return options as MarkOptions;
}

function thin(lengths: readonly number[], pixels: number): number[] {
  const sorted = [...lengths].sort((a, b) => a - b);
  const span = Math.log(sorted.at(-1)! / sorted[0]!);
  const kept: number[] = [];
  // From the longest down, which is the one that must not go.
  for (const length of sorted.reverse()) {
    const before = kept.at(-1);
    if (before === undefined || (Math.log(before / length) / span) * pixels >= TICK_PIXELS) kept.push(length);
  }
  return kept.reverse();
}
