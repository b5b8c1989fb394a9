import { expect, test } from 'vitest';
import { redisVersion } from '../../../src/setup/redis.mjs';

test('the version of a redis-server', () => {
  expect(redisVersion('Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64')).toEqual([7, 0]);
  expect(redisVersion('Valkey server v=8.1.0 sha=00000000:0')).toEqual([8, 1]);
  expect(redisVersion('')).toBeUndefined();
});
