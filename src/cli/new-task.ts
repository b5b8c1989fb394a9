import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, messageOf } from '../shared/errors.ts';
import { experimentOf, skeletonOf, testOf } from '../tasks/plug-in/skeleton.ts';
import { print, printJson } from './output.ts';

/** `lengthwise new-task`: writes a task to begin with, its test and an experiment. @throws InputError when one of them is there already */
export async function newTask(name: string, { json, wgsl }: { json: boolean; wgsl: boolean }): Promise<void> {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name))
    throw new InputError(`"${name}" is no name of a file`, 'Use letters, digits, "_" and "-", like my-task.');
  const files = {
    [`${name}.ts`]: skeletonOf(wgsl),
    [`${name}.test.mjs`]: testOf(name),
    [`${name}.yaml`]: experimentOf(name),
  };
  const there = Object.keys(files).find(file => existsSync(file));
  if (there) throw new InputError(`${join(process.cwd(), there)} is there already`, 'Choose another name.');
  for (const [file, text] of Object.entries(files))
    await writeFile(file, text, { flag: 'wx' }).catch(error => {
      throw new InputError(
        `cannot write ${join(process.cwd(), file)} (${messageOf(error)})`,
        'Choose another name.',
      );
    });
  const written = Object.keys(files);
  if (json) printJson({ written });
  else
    print(
      `Written: ${written.join(', ')}\nCheck it: npx lengthwise check-task ./${name}.ts\nRun it: npx lengthwise run ${name}.yaml`,
    );
}
