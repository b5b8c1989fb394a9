import type { Claim } from '../analysis/verdict.ts';

/** A bound in words: `Theorem 5.2 (digest)`. */
export function boundName(name: string): string {
  const [, number, form] = /^theorem-([\d.]+)(?:-(.+))?$/.exec(name) ?? [];
  if (number) return `Theorem ${number}${form ? ` (${form})` : ''}`;
  return name.replaceAll('-', ' ');
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** 10 to a whole power, with raised digits. */
export function powerOfTen(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map(digit => SUPERSCRIPTS[Number(digit)]).join('');
  return `10${exponent < 0 ? '⁻' : ''}${digits}`;
}

/** A number in at most three significant digits, in words a reader expects: `0.0132`, `4.1 × 10⁻⁵`, `> 10³⁰⁰`, `∞`. */
export function numberText(value: number | null, digits = 3): string {
  if (value === null || Number.isNaN(value)) return 'none';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e-3 && size < 1e5) {
    const text = String(Number(value.toPrecision(digits))).replace('-', '−');
    return size >= 1000 ? text.replace(/\B(?=(\d{3})+$)/g, ',') : text;
  }
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
  return `${mantissa!.replace('-', '−')} × ${powerOfTen(Number(exponent))}`;
}

/** Words with a capital at their beginning. */
export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** A share in words, in per cent: `3.1 %`. Beyond ten times the whole nobody reads digits. */
export function shareText(share: number | null): string {
  if (share !== null && share > 10) return '> 1,000 %';
  return share === null ? 'none' : `${Number((100 * share).toPrecision(2))} %`;
}

/** An interval in words. */
export function intervalText([low, high]: readonly [number, number]): string {
  return `${numberText(low)} … ${numberText(high)}`;
}

/** The interval of a claim in words, with its confidence. */
export function confidenceText({ interval, confidence }: Pick<Claim, 'interval' | 'confidence'>): string {
  return interval ? `${intervalText(interval)} (${shareText(confidence)})` : '–';
}

/** A length on an axis: `64`, `12.5k`, `100k`. */
export function lengthTick(length: number): string {
  if (length >= 10_000) return `${Number((length / 1000).toPrecision(3))}k`;
  return String(Number(length.toPrecision(4)));
}

/** In place of a p-value of 0: all seeds have one value, as masses of exactly 1 have, and a t test has nothing to divide by. */
export const NO_SPREAD = 'no spread';

/** A p-value in words. */
export function probabilityText(p: number | null): string {
  if (p === null) return '–';
  return p === 0 ? NO_SPREAD : numberText(p, 2);
}
