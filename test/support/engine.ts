import { join } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
import { flatten, layoutOf } from '../../src/model/layout.ts';
import {
  type Final,
  openSession,
  type Progress,
  type Runtime,
  type Session,
  type SessionOptions,
} from '../../src/runtime/session.ts';
import { type Driver, vulkanDrivers } from '../../src/runtime/vulkan.ts';
import { toBase64 } from '../../src/shared/base64.ts';
import type { Model } from '../../src/shared/model-config.ts';
import type { Request } from '../../src/shared/protocol.ts';

/** What `npm test` has built. */
export const BUILT = join(import.meta.dirname, '..', '..', 'dist');

/** A request without its adapter. */
type Question = Request extends infer R ? (R extends Request ? Omit<R, 'adapter'> : never) : never;

/** Sessions on a software adapter of either runtime. */
export function open(runtime: Runtime, options: Pick<SessionOptions, 'profile'> = {}): Promise<Session> {
  const driver = runtime === 'dawn' ? softwareDriver() : undefined;
  return openSession({
    runtime,
    adapter: 'software',
    built: BUILT,
    ...options,
    ...(driver ? { driver } : {}),
  });
}

/**
 * SwiftShader where there is one: lavapipe takes half a minute to compile what it has not seen (kernels.md), and a suite
 * compiles hundreds of shapes.
 */
export function softwareDriver(): Driver {
  const drivers = vulkanDrivers('software');
  return drivers.find(({ name }) => name === 'swiftshader') ?? drivers[0]!;
}

/**
 * One engine for the tests of a file, in the runtime of the vitest project that runs it. Fails, and does not skip, where
 * there is no adapter.
 */
export function useEngine(options: Pick<SessionOptions, 'profile'> = {}) {
  let session: Session;
  beforeAll(async () => {
    session = await open(inject('runtime'), options);
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
