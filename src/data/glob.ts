import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Regular files that a pattern names, in the order of their names: `*` stands for any characters of a name, `?` for one, in any part of
 * the path.
 * A name without either is a file whether it is there or not. Relative patterns begin in `folder`.
 */
export async function filesOf(pattern: string, folder: string): Promise<string[]> {
  if (!/[*?]/.test(pattern)) return [pattern];
  const [first, ...parts] = pattern.split('/');
  let found = first === '' ? ['/'] : ['.'];
  for (const part of first === '' ? parts : [first!, ...parts]) {
    const expression = new RegExp(
      `^${part
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    );
    const below = async (path: string) => {
      if (!/[*?]/.test(part)) return [join(path, part)];
      const names = await readdir(join(first === '' ? '' : folder, path)).catch(() => []);
      // As shells have it, a star does not find what is hidden.
      const shown = names.filter(
        name => expression.test(name) && (part.startsWith('.') || !name.startsWith('.')),
      );
      return shown.map(name => join(path, name));
    };
    found = (await Promise.all(found.map(below))).flat();
  }
  const isFile = async (path: string) => {
    const info = await stat(first === '' ? path : join(folder, path)).catch(() => undefined);
    return info?.isFile() ?? false;
  };
  const kept = await Promise.all(found.map(isFile));
  return found.filter((_, i) => kept[i]).sort((a, b) => (a < b ? -1 : 1));
}
