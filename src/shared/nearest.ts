import { distance } from 'fastest-levenshtein';

/** A name without what people spell in more than one way. */
export function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[-_ ]/g, '')
    .replace(/(?<=.)task$/, '');
}

/** The known name nearest to a misspelt one, if one is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map(candidate => ({ candidate, d: distance(plain(name), plain(candidate)) }))
    .sort((a, b) => a.d - b.d);
  return best && best.d <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}
