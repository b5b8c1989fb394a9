import { describe, expect, test } from 'vitest';
import type { Pack } from '../../src/shared/protocol.ts';
import { useEngine } from '../support/engine.ts';
import { kGramPack, pack } from '../support/packs.ts';

const engine = useEngine({ profile: true });

/** Kernels that every training step has, whatever the model. */
const ALWAYS = [
  'sample',
  'target',
  'attentionClassForward',
  'loss',
  'attentionClassBackward',
  'adam',
  'advance',
];

async function train(own: Pack, profile: boolean) {
  const losses: unknown[] = [];
  const { cells, profile: got } = await engine.ask('trained', { op: 'train', pack: own, profile }, event => {
    losses.push(...event.curve);
  });
  return { cells, losses, profile: got };
}

describe.each([
  { name: 'one layer', own: pack(), kernels: ['featuresJacobian', 'jacobianBackward', 'featuresGradient'] },
  {
    name: 'two layers',
    own: kGramPack({ steps: 5 }),
    kernels: ['hiddenForward', 'hiddenQueryForward', 'querySoftmax', 'queryBackward', 'hiddenBackward'],
  },
])('a profile of training $name', ({ own, kernels }) => {
  test('changes no bit, and is only there when asked for', async () => {
    const [plain, timed] = [await train(own, false), await train(own, true)];
    expect(plain.profile).toBeUndefined();
    expect(timed.profile).toBeDefined();
    expect(timed.cells).toEqual(plain.cells);
    expect(timed.losses).toEqual(plain.losses);
  });

  test('has every dispatch of every step, in order, and the host around them', async () => {
    const { profile } = await train(own, true);
    const { kernels: timed, device, host } = profile!;
    const names = timed.filter(({ phase }) => phase === 'train').map(({ name }) => name);
    for (const kernel of [...ALWAYS, ...kernels]) expect(names).toContain(kernel);
    expect(names.some(name => name.startsWith('contract '))).toBe(true);
    expect(names.at(-1)).toBe('advance');
    // One entry a dispatch of the step, repeated in the same order every step.
    const trained = device.filter(([kernel]) => timed[kernel]!.phase === 'train');
    expect(trained.map(([kernel]) => kernel)).toEqual(
      Array.from({ length: own.steps }, () => names.map((_, i) => i)).flat(),
    );
    expect(timed.some(({ phase }) => phase === 'evaluate')).toBe(true);
    device.forEach(([, start, duration], i) => {
      expect(duration).toBeGreaterThanOrEqual(0);
      if (i > 0) expect(start).toBeGreaterThanOrEqual(device[i - 1]![1]);
    });
    const noted = new Set(host.map(([name]) => name));
    for (const name of ['compile', 'submit', 'read losses']) expect(noted).toContain(name);
    // No kernel runs before the first submission, on one clock for both.
    const submitted = host.find(([name]) => name === 'submit')!;
    expect(device[0]![1]).toBeGreaterThanOrEqual(submitted[1]);
  });
});
