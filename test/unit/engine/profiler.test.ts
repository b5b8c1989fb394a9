import { expect, test } from 'vitest';
import type { Device } from '../../../src/engine/device.ts';
import { Profiler } from '../../../src/engine/profiler.ts';
import { failure } from '../../../src/runtime/ask.ts';
import { SessionLost } from '../../../src/runtime/session.ts';

test('an adapter without timestamps is one clear error, and not worth a retry', () => {
  const device = { gpu: { features: new Set() } } as unknown as Device;
  expect(() => new Profiler(device)).toThrow(
    expect.objectContaining({ reason: 'no-timestamps', message: expect.stringMatching(/timestamp-query/) }),
  );
  const error = failure({ event: 'failed', reason: 'no-timestamps', message: 'this adapter cannot' });
  expect(error).not.toBeInstanceOf(SessionLost);
  expect(error.fix).toMatch(/--profile/);
});
