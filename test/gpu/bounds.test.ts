import { describe, expect, test } from 'vitest';
import { useEngine } from '../support/engine.ts';

describe('an index past the end of a buffer', () => {
  const engine = useEngine({ apart: true });

  test('fails the request whose kernel used it, once', async () => {
    await expect(engine.ask('probed', { op: 'overrun' })).rejects.toThrow(
      'out of bounds: overrun: 1 indices past the end',
    );
    await engine.ask('probed', { op: 'probe' });
  });
});
