import { expect, it, test } from 'vitest';
import { readModel, writeModel } from '../../../src/model/safetensors.ts';
import { HARD_PHI, snapped } from '../../../src/model/snap.ts';
import { outputsOf } from '../../../src/simulation/outputs.ts';
import { distance } from '../../../src/simulation/simulate.ts';
import { BASE, randomModel, randomTokens } from '../../support/models.ts';

const config = { ...BASE, locality: 1 };
const model = randomModel(config, 1);
model.tensors['layer.0.phi']!.set([0.4, 1.5, 0.9, 0.2]);
model.tensors['layer.1.phi']!.set([0.1, 0.3, 1.2, 1.7]);

it('makes the largest φ above 1 hard and all others 0, and tells of every head', () => {
  const { model: exact, heads } = snapped(model, { prune: false });
  expect([...exact.tensors['layer.0.phi']!]).toEqual([0, HARD_PHI, 0, 0]);
  expect([...exact.tensors['layer.1.phi']!]).toEqual([0, 0, 0, HARD_PHI]);
  expect(heads.map(({ layer, head, to, offsets }) => ({ layer, head, to, offsets }))).toEqual([
    { layer: 1, head: 1, to: 'offset', offsets: [1] },
    { layer: 1, head: 2, to: 'zero', offsets: [] },
    { layer: 2, head: 1, to: 'zero', offsets: [] },
    { layer: 2, head: 2, to: 'offset', offsets: [1] },
  ]);
  expect(model.tensors['layer.0.phi']![1]).toBe(1.5);
  expect(exact.tensors['layer.0.value']).toEqual(model.tensors['layer.0.value']);
});

it('prunes heads that see every position, but in the last layer', () => {
  const { model: exact, heads } = snapped(model, { prune: true });
  const size = config.width ** 2;
  expect(exact.tensors['layer.0.value']!.slice(size).every(x => x === 0)).toBe(true);
  expect(exact.tensors['layer.0.value']!.slice(0, size)).toEqual(
    model.tensors['layer.0.value']!.slice(0, size),
  );
  expect(exact.tensors['layer.1.value']).toEqual(model.tensors['layer.1.value']);
  expect(heads[1]!.to).toBe('pruned');
});

it('changes nothing of a model whose heads are exact, and survives a file', () => {
  const { model: exact } = snapped(model, { prune: true });
  const again = snapped(readModel(writeModel(exact), 'x'), { prune: true });
  expect(again.model.tensors).toEqual(exact.tensors);
});

test('a hard offset is what a large φ tends to', () => {
  const near = randomModel({ ...config, heads: 1 }, 2);
  near.tensors['layer.0.phi']!.set([0, 30]);
  near.tensors['layer.1.phi']!.set([0, 0]);
  const { model: exact } = snapped(near, { prune: false });
  const tokens = randomTokens(200, 3, 1);
  expect(distance([...outputsOf(near)(tokens)], [...outputsOf(exact)(tokens)])).toBeLessThan(1e-3);
});

test('only infinite precision has heads to snap', () => {
  const finite = randomModel({ ...config, attention: { precision: 'finite', bits: 8, scale: 1 } }, 1);
  expect(() => snapped(finite, { prune: false })).toThrow(RangeError);
});
