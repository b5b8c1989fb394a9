import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError, messageOf } from '../shared/errors.ts';
import { INIT_FILES } from './init-files.ts';
import { print, printJson } from './output.ts';

/** `lengthwise init`: a commented experiment, `.gitignore` and a CI workflow. What is there already is left as it is. */
export async function beginIn(folder = '.', { json }: { json: boolean }): Promise<void> {
  const written: string[] = [];
  const kept: string[] = [];
  for (const [path, text] of Object.entries(INIT_FILES)) {
    const file = join(folder, path);
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { flag: 'wx' });
      written.push(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new InputError(`cannot write ${file} (${messageOf(error)})`, 'Choose another folder.', {
          cause: error,
        });
      kept.push(file);
    }
  }
  if (json) {
    printJson({ written, kept });
    return;
  }
  for (const file of written) print(`wrote ${file}`);
  for (const file of kept) print(`kept ${file}, which was there`);
  print(`Next: npx lengthwise run ${join(folder, 'experiment.yaml')}`);
}
