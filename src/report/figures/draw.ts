import type { Markish, MarkOptions, PlotOptions, ScaleOptions } from '@observablehq/plot';
import { lengthTick, powerOfTen } from '../names.ts';
import { token } from '../theme.ts';
import { type Canvas, PANEL } from './figure.ts';

/** Room around a panel's frame. */
const MARGIN = { marginLeft: 42, marginRight: 12, marginTop: 26, marginBottom: 36 };
/** Pixels that a tick's label wants. */
const TICK_PIXELS = 34;

export const FONT_PIXELS = 12;

/** Draws one panel. Strips what Plot adds for pages of its own: a style sheet and classes. */
export function draw(canvas: Canvas, options: PlotOptions): SVGSVGElement {
  const { Plot, document } = canvas;
  const svg = Plot.plot({
    document,
    className: 'panel',
    width: PANEL.width,
    height: PANEL.height,
    ...MARGIN,
    ...options,
  }) as SVGSVGElement;
  for (const style of svg.querySelectorAll('style')) style.remove();
  svg.setAttribute('font-size', String(FONT_PIXELS));
  svg.setAttribute('fill', token('ink'));
  svg.setAttribute('color', token('ink'));
  return svg;
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

/** The scale that belongs to `lengthAxis`. */
export function lengthScale(lengths: readonly number[]): ScaleOptions {
  const [low, high] = [Math.min(...lengths), Math.max(...lengths)];
  // One length alone would be a domain of no width.
  return { type: 'log', base: 2, domain: low === high ? [low / 2, high * 2] : [low / 1.12, high * 1.12] };
}

/** A vertical axis of powers of ten with a rule at each tick. */
export function powerAxis(canvas: Canvas, [low, high]: readonly [number, number], label: string): Markish[] {
  const { Plot } = canvas;
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first) / 6));
  const ticks: number[] = [];
  for (let exponent = first; exponent <= last; exponent += step) ticks.push(exponent);
  const values = ticks.map(exponent => 10 ** exponent);
  return [
    Plot.ruleY(values, { stroke: token('rule') }),
    Plot.axisY(values, {
      label,
      labelAnchor: 'top',
      labelArrow: 'none',
      labelOffset: MARGIN.marginLeft,
      tickFormat: (value: number) => powerOfTen(Math.round(Math.log10(value))),
      color: token('muted'),
      tickSize: 0,
      tickPadding: 6,
    }),
  ];
}

/** A range of whole decades around values, and around interval ends as far as `reach` decades beyond them. */
export function decades(
  values: readonly number[],
  ends: readonly number[] = [],
  reach = 1,
): [number, number] {
  if (values.length === 0) return [0.1, 1];
  const logs = values.map(Math.log10);
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const near = ends.filter(end => end > 0 && Number.isFinite(end)).map(Math.log10);
  const bottom = Math.max(low - reach, Math.min(low, ...near));
  const top = Math.min(high + reach, Math.max(high, ...near));
  const floor = Math.floor(bottom + 1e-9);
  const ceiling = Math.ceil(top - 1e-9);
  return [10 ** floor, 10 ** Math.max(ceiling, floor + 1)];
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
