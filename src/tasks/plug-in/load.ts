import { hash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError, messageOf } from '../../shared/errors.ts';
import { KINDS } from '../registry.ts';
import type { Task } from '../task.ts';
import { checkedPlugIn } from './checked.ts';
import { keepPlugIn, type PlugInCode } from './loaded.ts';
import { tryPlugIn } from './trial.ts';

const HASH_DIGITS = 32;

/** A plug-in that is loaded. */
export interface PlugIn {
  file: string;
  /** Hash of its source, with what it imports. */
  source: string;
}

/** The file of a task that is a plug-in, named from a folder; undefined for the kind of one that is built in, or of none. */
export function plugInFile(kind: unknown, folder: string): string | undefined {
  if (typeof kind !== 'string' || KINDS.includes(kind)) return undefined;
  if (/^\.{0,2}\//.test(kind) || /\.[mc]?[jt]s$/.test(kind)) return resolve(folder, kind);
  try {
    return createRequire(join(resolve(folder), 'from.js')).resolve(kind);
  } catch {
    return undefined;
  }
}

/**
 * Loads a task from a module: bundled with what it imports, tried in a thread, and kept for cells that name its source (`loaded.ts`).
 * Runs its code.
 * @param kind what the task is called in messages and results
 * @throws InputError that says what is wrong with it
 */
export async function loadPlugIn(file: string, kind: string): Promise<PlugIn> {
  const code = await bundled(file);
  const source = hash('sha256', code).slice(0, HASH_DIGITS);
  const url = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
  await tryPlugIn(file, url);
  const plugIn = { file, kind, url };
  keepPlugIn(source, await taskOfCode(plugIn), plugIn);
  return { file, source };
}

/** The task of a plug-in that is bundled. Runs its code. @throws as `checkedPlugIn` */
export async function taskOfCode({ file, kind, url }: PlugInCode): Promise<Task> {
  return checkedPlugIn((await import(url)).default, file, kind);
}

/** One module of a file and all that it imports, without comments and layout. */
async function bundled(file: string): Promise<string> {
  const { build } = await import('esbuild');
  try {
    const { outputFiles } = await build({
      entryPoints: [file],
      absWorkingDir: dirname(file),
      ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20' },
      // Paths of modules stand in comments: the hash is the same wherever they lie.
      ...{ minifyWhitespace: true, legalComments: 'none', write: false, logLevel: 'silent' },
      // Where its folder has no packages of its own, those of lengthwise serve: zod, to begin with.
      nodePaths: [packagesFolder()],
    });
    return outputFiles[0]!.text;
  } catch (error) {
    const [first] =
      (error as { errors?: { text: string; location: { file: string; line: number } | null }[] }).errors ??
      [];
    const where = first?.location ? `${file}:${first.location.line}` : file;
    throw new InputError(
      `${where}: ${first?.text ?? messageOf(error)}`,
      'See docs/tasks.md, "A task as a plug-in".',
    );
  }
}

/** The node_modules that lengthwise itself finds zod in. */
function packagesFolder(): string {
  const zod = createRequire(fileURLToPath(import.meta.url)).resolve('zod');
  return zod.slice(0, zod.lastIndexOf('node_modules') + 'node_modules'.length);
}
