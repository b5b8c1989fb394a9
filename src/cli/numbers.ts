import { VACUOUS_LOG10 } from '../theory/bounds.ts';

/** A training length in words: a number while it is one, else its power of ten and that it is vacuous. */
export function lengthText(log10N: number | null): string {
  if (log10N === null) return 'none';
  if (log10N > VACUOUS_LOG10) return `${power(log10N)}, vacuous`;
  return log10N < 6 ? Math.ceil(10 ** Math.max(0, log10N) - 1e-9).toLocaleString('en') : power(log10N);
}

/** 10^x, or ∞. */
export function power(log10: number | null): string {
  return log10 === null ? '∞' : `10^${log10.toFixed(1)}`;
}

/** A value in four digits; null is infinite unless said otherwise. */
export function infinite(value: number | null, otherwise = '∞'): string {
  return value === null ? otherwise : short(value);
}

/** Four digits. */
export function short(value: number): string {
  return Number(value.toPrecision(4)).toString();
}
