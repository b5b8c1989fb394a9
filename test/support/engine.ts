import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { flatten, layoutOf } from '../../src/model/layout.ts';
import { type Final, openSession, type Progress, type Session } from '../../src/runtime/session.ts';
import { toBase64 } from '../../src/shared/base64.ts';
import type { Model } from '../../src/shared/model-config.ts';
import type { Request } from '../../src/shared/protocol.ts';

/** What `npm test` has built. */
export const BUILT = join(import.meta.dirname, '..', '..', 'dist');

/** A request without its adapter. */
type Question = Request extends infer R ? (R extends Request ? Omit<R, 'adapter'> : never) : never;

/**
 * One real browser for the tests of a file, on the engine that ships. Fails, and does not skip, where there is no adapter.
 */
export function useEngine() {
  let session: Session;
  beforeAll(async () => {
    session = await openSession({ runtime: 'chrome', adapter: 'software', built: BUILT });
  });
  afterAll(() => session?.close());
  return {
    /** Asks the engine, and expects an answer of the named kind. */
    async ask<E extends Final['event']>(
      expected: E,
      question: Question,
      onProgress?: (event: Progress) => void,
    ) {
      const final = await session.send({ ...question, adapter: 'software' } as Request, onProgress);
      if (final.event !== expected)
        throw new Error(`expected ${expected}, got ${JSON.stringify(final).slice(0, 500)}`);
      return final as Extract<Final, { event: E }>;
    },
  };
}

/** What requests carry of a model. */
export function asRequest({ config, tensors }: Model) {
  return { model: config, weights: toBase64(flatten(layoutOf(config), tensors)) };
}
