import type { Redis } from 'ioredis';
import { InputError } from '../shared/errors.ts';
import { countsOf, openQueue, queueNotes } from './queues.ts';

/** A build of lengthwise: jobs of one are never run by another. */
export interface Build {
  /** Engine hash. */
  engine: string;
  version: string;
}

/** Says which build is wanted, where jobs wait and none was ever queued for this one; undefined otherwise. */
export async function otherBuildWanted(redis: Redis, build: Build): Promise<InputError | undefined> {
  const notes = [...(await queueNotes(redis))];
  if (notes.some(([, { engine }]) => engine === build.engine)) return undefined;
  for (const [name, { engine, version }] of notes) {
    const queue = openQueue(redis, name);
    const { waiting } = await countsOf(queue);
    await queue.close();
    if (waiting === 0) continue;
    return new InputError(
      `${waiting} jobs wait for engine ${engine} of lengthwise ${version}; ` +
        `this build, ${build.version}, has engine ${build.engine} and takes none of them`,
      'Install here the build that submitted them: the same commit, then npm ci and npm run build.',
    );
  }
  return undefined;
}
