import { join } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
import { flatten, layoutOf } from '../../src/model/layout.ts';
import {
  type Listeners,
  type OwnRuntime,
  openSession,
  type Progress,
  type Protocol,
  type Session,
  type SessionOptions,
  type Standing,
} from '../../src/runtime/session.ts';
import { type Driver, vulkanDrivers } from '../../src/runtime/vulkan.ts';
import { toBase64 } from '../../src/shared/base64.ts';
import type { Model } from '../../src/shared/model-config.ts';
import type { Request } from '../../src/shared/protocol.ts';
import { type TestEvent, type TestRequest, testEventSchema, testRequestSchema } from './protocol.ts';

/** What `npm test` has built. */
export const BUILT = join(import.meta.dirname, '..', '..', 'dist');

/** A request without its adapter. */
type Question = TestRequest extends infer R ? (R extends TestRequest ? Omit<R, 'adapter'> : never) : never;

/** The engine of the tests (`build-engine.ts`); its protocol is the one that ships and more. */
export const TEST_ENGINE = {
  built: join(BUILT, 'test'),
  protocol: { requests: testRequestSchema, events: testEventSchema } as unknown as Protocol,
};

type Options = Pick<SessionOptions, 'profile' | 'patience'>;

/** Sessions of the engine that ships, on a software adapter of either runtime. */
export function open(
  runtime: OwnRuntime,
  options: Options & Partial<typeof TEST_ENGINE> = {},
): Promise<Session> {
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
 * SwiftShader where there is one: lavapipe takes half a minute to compile what it has not seen (docs/kernels.md), and a suite
 * compiles hundreds of shapes.
 */
export function softwareDriver(): Driver {
  const drivers = vulkanDrivers('software');
  return drivers.find(({ name }) => name === 'swiftshader') ?? drivers[0]!;
}

/**
 * Engines on Dawn by their options, one for all files that a worker runs (vitest.config.ts): most of the time goes into compiling. They end
 * with it.
 */
const kept = new Map<string, Session>();

async function keptEngine(options: Options): Promise<Session> {
  const name = JSON.stringify(options);
  const known = kept.get(name);
  // One that an earlier file has lost is of no use to the next.
  const lives = await known?.send({ op: 'probe', adapter: 'software' }).catch(() => undefined);
  const session = known && lives ? known : await open('dawn', { ...options, ...TEST_ENGINE });
  kept.set(name, session);
  return session;
}

/**
 * One engine of the tests for those of a file, in the runtime of the vitest project that runs it; `apart`: one that no other file uses,
 * for requests that fail, which costs an engine all that it has compiled. Fails, and does not skip, where there is no adapter.
 */
export function useEngine({ apart = false, ...options }: Options & { apart?: boolean } = {}) {
  let session: Session;
  const keeps = inject('runtime') === 'dawn' && !apart;
  beforeAll(async () => {
    session = keeps
      ? await keptEngine(options)
      : await open(inject('runtime'), { ...options, ...TEST_ENGINE });
  });
  afterAll(() => (keeps ? undefined : session?.close()));
  return {
    /** Asks the engine, and expects an answer of the named kind. */
    async ask<E extends TestEvent['event']>(
      expected: E,
      question: Question,
      onProgress?: (event: Progress) => void,
      onStanding?: (event: Standing) => void,
      feed?: Listeners['feed'],
    ) {
      const request = { ...question, adapter: 'software' } as Request;
      const final: TestEvent = await session.send(request, {
        ...(onProgress ? { onProgress } : {}),
        ...(onStanding ? { onStanding } : {}),
        ...(feed ? { feed } : {}),
      });
      if (final.event !== expected)
        throw new Error(`expected ${expected}, got ${JSON.stringify(final).slice(0, 500)}`);
      return final as Extract<TestEvent, { event: E }>;
    },
  };
}

/** What requests carry of a model. */
export function asRequest({ config, tensors }: Model) {
  return { model: config, weights: toBase64(flatten(layoutOf(config), tensors)) };
}
