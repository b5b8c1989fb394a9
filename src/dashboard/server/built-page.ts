import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MachineError } from '../../shared/errors.ts';
import { styleSheet } from './shell.ts';

/** Scripts of the page, and whose code is in them: a copy of the page is a copy of that, too. */
const OF_THE_PAGE = ['page.js', 'page.third-party.txt', 'reference.js', 'reference.third-party.txt'];

/**
 * The files that the page consists of, by their path: its own build, and the engine's.
 * @param built folder of the build (`dist`)
 * @throws MachineError when one is not built
 */
export async function builtPage(built: string): Promise<Map<string, Buffer>> {
  const read = async (...names: string[]) => {
    const path = join(built, ...names);
    return readFile(path).catch(() => {
      throw new MachineError(`${path}: no such file`, 'Build it with `npm run build`.');
    });
  };
  const files = new Map<string, Buffer>();
  for (const name of OF_THE_PAGE) files.set(name, await read('dashboard', name));
  const css = (await read('dashboard', 'style.css')).toString();
  files.set('style.css', Buffer.from(styleSheet(css)));
  files.set('engine/third-party.txt', await read('page', 'third-party.txt'));
  const modules = ['engine.js'];
  for (const name of modules) {
    const module = await read('page', name);
    files.set(`engine/${name}`, module);
    // What it imports is beside it.
    for (const [, other] of module.toString().matchAll(/from\s*"\.\/([\w.-]+\.js)"/g))
      if (!modules.includes(other!)) modules.push(other!);
  }
  return files;
}
