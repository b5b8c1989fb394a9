import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addressOf } from '../../../src/queue/address.ts';
import { connectRedis } from '../../../src/queue/connection.ts';
import { openWorker } from '../../../src/queue/queues.ts';
import { TestRedis } from '../../support/redis.ts';

const DEADLINE_MS = 15_000;

let plain: TestRedis;
let locked: TestRedis;
let web: Server;
let webPort = 0;

beforeAll(async () => {
  plain = await TestRedis.start({ tcp: true });
  locked = await TestRedis.start({ tcp: true, settings: ['--requirepass', 'right'] });
  web = createServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve));
  webPort = (web.address() as { port: number }).port;
});

afterAll(async () => {
  web?.close();
  await plain?.remove();
  await locked?.remove();
});

/** The error of a connection that must not come about, and how long it took in milliseconds. */
async function refused(url: string): Promise<{ message: string; fix: string; ms: number }> {
  const began = performance.now();
  try {
    const redis = await connectRedis(addressOf(url, {}), () => {});
    redis.disconnect();
  } catch (error) {
    const { message, fix } = error as Error & { fix?: string };
    return { message, fix: fix ?? '', ms: performance.now() - began };
  }
  throw new Error(`${url} was taken`);
}

describe('a Redis that cannot be used is one clear line, within seconds', () => {
  test.each([
    ['none', () => 'redis://127.0.0.1:1', /no Redis answers at 127\.0\.0\.1:1/],
    ['no socket', () => 'unix:///nowhere/redis.sock', /no Redis answers at \/nowhere\/redis\.sock/],
    ['no such host', () => 'redis://no-such-host.invalid', /no such host/],
    ['wrong password', () => locked.url.replace('//', '//:wrong@'), /refuses the user name or password/],
    ['no password', () => locked.url, /wants a password/],
    ['no such database', () => `${plain.url}/99`, /has no such database/],
    ['no TLS', () => plain.url.replace('redis:', 'rediss:'), /no TLS connection|did not answer/],
    ['another server', () => `redis://:hidden@127.0.0.1:${webPort}`, /no Redis that can be used/],
  ])('%s', async (_, url, expected) => {
    const { message, fix, ms } = await refused(url());
    expect(message).toMatch(expected);
    expect(message).not.toMatch(/\n|wrong@|hidden/);
    expect(fix).not.toBe('');
    expect(ms).toBeLessThan(DEADLINE_MS);
  });

  test('one that would drop jobs when its memory is full', async () => {
    const admin = plain.client();
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const { message, fix } = await refused(plain.url);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    admin.disconnect();
    expect(message).toMatch(/has maxmemory-policy allkeys-lru: it would drop jobs/);
    expect(fix).toMatch(/noeviction/);
  });

  test('one that is stopped', async () => {
    process.kill(plain.pid, 'SIGSTOP');
    const { message, ms } = await refused(plain.url);
    process.kill(plain.pid, 'SIGCONT');
    expect(message).toMatch(/did not answer in 5 s/);
    expect(ms).toBeLessThan(DEADLINE_MS);
  });
});

test('a password from the URL opens; a missing append-only file is said', async () => {
  const said: string[] = [];
  const redis = await connectRedis(addressOf(locked.url.replace('//', '//:right@'), {}), line =>
    said.push(line),
  );
  expect(await redis.ping()).toBe('PONG');
  redis.disconnect();
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/keeps no append-only file.*appendonly yes/);
});

test('a Redis that goes and comes back is waited for', async () => {
  const server = await TestRedis.start({ settings: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  const said: string[] = [];
  const redis = await connectRedis(addressOf(server.url, {}), line => said.push(line));
  try {
    await redis.set('lengthwise:test', 'kept');
    await server.kill();
    while (said.length === 0) await sleep(20);
    const answer = redis.get('lengthwise:test');
    await server.up();
    expect(await answer).toBe('kept');
    expect(said).toEqual([expect.stringMatching(/^lost Redis at/), expect.stringMatching(/is back$/)]);
  } finally {
    redis.disconnect();
    await server.remove();
  }
});

test('a worker that opens while Redis is away works once it is back', async () => {
  const server = await TestRedis.start({ settings: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  const redis = await connectRedis(addressOf(server.url, {}), () => {});
  try {
    await server.kill();
    await vi.waitFor(() => expect(redis.status).not.toBe('ready'));
    const opening = openWorker(redis, 'away', { lockMs: 60_000, worker: 'test' });
    // Its own connections have tried and failed by then.
    await sleep(500);
    await server.up();
    const worker = await opening;
    expect(await worker.getNextJob('token', { block: false })).toBeUndefined();
    await worker.close(true);
  } finally {
    redis.disconnect();
    await server.remove();
  }
});
