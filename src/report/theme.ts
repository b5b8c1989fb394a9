/*
 * Colours by name. A figure is drawn once, in tokens (`var(--ink)`): a page defines them for light and for dark, a file that stands alone
 * gets the light values written in.
 */

/** Viridis (van der Walt and Smith), every tenth. */
const VIRIDIS = [
  '#440154',
  '#482475',
  '#414487',
  '#355f8d',
  '#2a788e',
  '#21918c',
  '#22a884',
  '#44bf70',
  '#7ad151',
  '#bddf26',
  '#fde725',
];

/** Steps of the ramp that ordered series are coloured by. */
export const RAMP_STEPS = 12;

type Theme = Readonly<Record<string, string>>;

/** Okabe and Ito's palette, in the order in which it is used; yellow is darkened on white, black and blue are lifted on black. */
const SERIES = {
  light: ['#0072b2', '#d55e00', '#00825c', '#aa4499', '#8a6d00', '#1b1b1b', '#2e86ab', '#7a5195'],
  dark: ['#56b4e9', '#ff9e45', '#2fc99a', '#e79ac4', '#f0e442', '#f2f2f2', '#9ad5f5', '#c9a6f0'],
};

export const LIGHT: Theme = {
  ink: '#1d1d1b',
  muted: '#5c5c58',
  rule: '#dddcd6',
  paper: '#ffffff',
  ...tokens('n', ramp(0.02, 0.72)),
  ...tokens('s', SERIES.light),
};

export const DARK: Theme = {
  ink: '#ecebe6',
  muted: '#a8a7a0',
  rule: '#3a3a37',
  paper: '#161615',
  ...tokens('n', ramp(0.38, 1)),
  ...tokens('s', SERIES.dark),
};

/** A colour by its name. */
export const token = (name: string) => `var(--${name})`;

/** The colour of one of several ordered series. */
export function ordered(index: number, count: number): string {
  const step = count < 2 ? 0 : Math.round((index * (RAMP_STEPS - 1)) / (count - 1));
  return token(`n${step}`);
}

/** The colour of one of a few series without an order. */
export function categorical(index: number): string {
  return token(`s${index % SERIES.light.length}`);
}

/** Viridis at 0 … 1. */
export function viridis(at: number): string {
  const place = Math.min(1, Math.max(0, at)) * (VIRIDIS.length - 1);
  const low = Math.min(VIRIDIS.length - 2, Math.floor(place));
  const [a, b] = [channels(VIRIDIS[low]!), channels(VIRIDIS[low + 1]!)];
  const mixed = a.map((value, c) => Math.round(value + (b[c]! - value) * (place - low)));
  return `#${mixed.map(value => value.toString(16).padStart(2, '0')).join('')}`;
}

/** Ink that can be read on a colour of viridis. */
export function inkOn(at: number): string {
  return at < 0.46 ? '#ffffff' : '#111111';
}

/** Replaces every token by a theme's value. */
export function withTheme(markup: string, theme: Theme): string {
  return markup.replace(/var\(--([a-z0-9]+)\)/g, (whole, name: string) => theme[name] ?? whole);
}

/** A theme as CSS declarations. */
export function themeCss(theme: Theme): string {
  return Object.entries(theme)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

function ramp(from: number, to: number): string[] {
  return Array.from({ length: RAMP_STEPS }, (_, i) => viridis(from + ((to - from) * i) / (RAMP_STEPS - 1)));
}

function tokens(prefix: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, i) => [`${prefix}${i}`, value]));
}

function channels(hex: string): number[] {
  return [1, 3, 5].map(at => Number.parseInt(hex.slice(at, at + 2), 16));
}
