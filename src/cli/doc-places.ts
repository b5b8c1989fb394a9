import { isAbsolute, join, relative, sep } from 'node:path';

/** The root of the checkout, or of the package: two folders up, from the source and from the build. */
const ROOT = join(import.meta.dirname, '..', '..');

/** A text in which pages of `docs/` have the place where they lie, as seen from `from`: of an installed package that is in node_modules. */
export function withDocPlaces(text: string, from = process.cwd()): string {
  return text.replace(/\bdocs\/[\w-]+\.md\b/g, page => {
    const path = join(ROOT, page);
    const near = relative(from, path);
    return near.startsWith(`..${sep}`) || isAbsolute(near) ? path : near;
  });
}
