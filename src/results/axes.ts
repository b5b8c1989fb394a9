import type { CellLine } from './schema.ts';

/** Where a cell lies in its grid: a value for every axis, the seed among them. */
export type Axes = CellLine['axes'];

/** Symbols of the paper for axes that have one. */
const SYMBOLS: Record<string, string> = {
  'task.omega': 'ω',
  'task.p': 'p',
  'task.vocabulary': 'S',
  'task.k': 'k',
  'data.alpha': 'α',
  'data.law': 'law',
  'train.length': 'N',
  'train.learningRate': 'learning rate',
  'model.mlpWidth': 'MLP width',
  'train.positions': 'targets',
  'train.positionOffset': 'position offset',
  'model.layers': 'layers',
  'model.period': 'Δ',
  'model.locality': 'τ',
  'model.norm': 'norm',
  'model.attention.precision': 'precision',
  'model.attention.rule': 'rule',
  'model.attention.encoding': 'encoding',
  'model.attention.logScale': 'log scale',
  'model.attention.ropeBase': 'RoPE base',
  'model.attention.maxLength': 'position rows',
};

const BITS = 'model.attention.bits';

/** What an axis is called. */
export function symbolOf(path: string): string {
  return SYMBOLS[path] ?? path.split('.').at(-1)!;
}

/** Axes in words: `ω = 2, α = 1`. Seeds are never named, nor what a cell of an axis has no use for (null); null bits are ∞. */
export function labelOf(axes: Axes): string {
  return Object.entries(axes)
    .filter(([path, value]) => path !== 'seed' && (value !== null || path === BITS))
    .map(([path, value]) => `${symbolOf(path)} = ${value ?? '∞'}`)
    .join(', ');
}

/** Axes without some of them. */
export function without(axes: Axes, ...paths: string[]): Axes {
  return Object.fromEntries(Object.entries(axes).filter(([path]) => !paths.includes(path)));
}

/** Axes that are a setting of the knobs: neither training length nor seed. */
export function settingOf(axes: Axes): Axes {
  return without(axes, 'train.length', 'seed');
}
