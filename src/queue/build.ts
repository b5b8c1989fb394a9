import type { Redis } from 'ioredis';
import { InputError } from '../shared/errors.ts';
import { countsOf, openQueue, queueNotes } from './queues.ts';

/** A build of lengthwise: jobs of one are never run by another. */
export interface Build {
  /** Engine hash. */
  engine: string;
  version: string;
}

/** Why a worker has nothing to do although there is work. */
export interface OtherBuild {
  /** Says which build is wanted. */
  error: InputError;
  /** Whether jobs were ever queued for this build. */
  isKnown: boolean;
}

/** Which build is wanted, where jobs wait for another and none for this one; undefined otherwise. */
export async function otherBuildWanted(redis: Redis, build: Build): Promise<OtherBuild | undefined> {
  let wanted: InputError | undefined;
  let isKnown = false;
  for (const [name, { engine, version }] of await queueNotes(redis)) {
    const queue = openQueue(redis, name);
    const { waiting, active } = await countsOf(queue).finally(() => queue.close());
    if (engine === build.engine) {
      isKnown = true;
      if (waiting + active > 0) return undefined;
    } else if (waiting > 0) {
      wanted ??= new InputError(
        `${waiting} jobs wait for engine ${engine} of lengthwise ${version}; ` +
          `this build, ${build.version}, has engine ${build.engine} and takes none of them`,
        'Install here the build that submitted them: the same commit, then npm ci and npm run build.',
      );
    }
  }
  return wanted && { error: wanted, isKnown };
}
