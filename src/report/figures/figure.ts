/** What figures are drawn with: Plot, and a document to draw in (jsdom's in a report, the window's in a page). */
export interface Canvas {
  Plot: typeof import('@observablehq/plot');
  document: Document;
}

/** A series in a legend. */
export interface Key {
  label: string;
  colour: string;
  /** Null: a line without marks. */
  symbol: SymbolName | null;
  dash?: string;
}

/** What the colours and marks of a figure mean. */
export type Legend =
  | { kind: 'keys'; title: string; keys: Key[] }
  /** Viridis from `low` to `high`. */
  | { kind: 'ramp'; title: string; low: string; high: string };

/** One of a figure's small multiples. */
export interface Panel {
  title: string;
  /** Markup of an SVG element, as wide as the panel in its view box, without a size of its own; colours are tokens. */
  svg: string;
  /** `PANEL.width` unless given. */
  width?: number;
  height: number;
  /** The panel in a sentence, for those who cannot see it. */
  alt: string;
}

/** A figure as data: panels that a page lays out as it likes, and that a file puts side by side. */
export interface Figure {
  /** Name of its files. */
  id: string;
  title: string;
  /** What it shows and how to read it: plain text. */
  caption: string;
  legend: Legend | undefined;
  panels: Panel[];
}

export const PANEL = { width: 300, height: 236 };

/** Shapes that are told apart without colour, in the order of use. */
export const SYMBOL_NAMES = ['circle', 'square', 'triangle', 'diamond', 'star', 'cross', 'wye'] as const;
export type SymbolName = (typeof SYMBOL_NAMES)[number];

/** The shape of a series. */
export function symbolAt(index: number): SymbolName {
  return SYMBOL_NAMES[index % SYMBOL_NAMES.length]!;
}

/** Panels drawn at most; tables hold the rest. */
export const MOST_PANELS = 12;

/** A caption's last words when panels were left out. */
export function panelsLeft(shown: number, all: number): string {
  return all > shown
    ? ` The first ${shown} of ${all} settings are drawn; the tables and cells.csv hold all.`
    : '';
}
