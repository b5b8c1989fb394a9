import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { layoutOf, unflatten } from '../../src/model/layout.ts';
import { writeModel } from '../../src/model/safetensors.ts';
import { referenceForward } from '../../src/reference/forward.ts';
import { CONFIG, expectComplaint } from '../support/bad-input.ts';
import { cli, emptyFolder } from '../support/cli.ts';
import { randomModel, randomTokens } from '../support/models.ts';

const forward = ['forward', 'm.safetensors', 't.json', '--kernel', 'dense', '--adapter', 'software'];

test('tune measures, remembers, and the next run takes what was remembered', async () => {
  const cwd = emptyFolder();
  const cache = emptyFolder();
  const model = randomModel({ ...CONFIG, layers: 2, locality: 1 }, 3);
  const tokens = randomTokens(40, 2, 3);
  writeFileSync(join(cwd, 'm.safetensors'), writeModel(model));
  writeFileSync(join(cwd, 't.json'), JSON.stringify({ sequences: [[...tokens]] }));
  const env = { XDG_CACHE_HOME: cache };

  const tuned = await cli([...forward, '--kernel-variant', 'tune', '--json'], { cwd, env });
  expect(tuned.stderr).toMatch(/tune: qb-fused +compile \d+ ms, run [\d.]+ ms/);
  const first = JSON.parse(tuned.stdout);
  const want = referenceForward(model, tokens).outputs.at(-1)!;
  first.outputs[0].forEach((value: number, o: number) => {
    expect(value).toBeCloseTo(want[o]!, 5);
  });

  // With the file changed so that only one variant is right, that one is taken.
  const file = join(cache, 'lengthwise', 'tuning.json');
  const kept = JSON.parse(readFileSync(file, 'utf8'));
  for (const buckets of Object.values<Record<string, { variant: string; right: boolean }[]>>(kept)) {
    for (const trials of Object.values(buckets)) {
      for (const trial of trials) trial.right = trial.variant === 'quad';
    }
  }
  writeFileSync(file, JSON.stringify(kept));
  const again = JSON.parse((await cli([...forward, '--json'], { cwd, env })).stdout);
  expect(again.variants).toEqual(['quad']);
  expect(again.outputs[0][0]).toBeCloseTo(want[0]!, 5);
});

test('a variant that cannot round is refused for a model that rounds', async () => {
  const cwd = emptyFolder();
  const config = { ...CONFIG, attention: { precision: 'finite', bits: 8, scale: 0.5 } } as const;
  const parameters = new Float32Array(layoutOf(config).stride).fill(0.25);
  writeFileSync(
    join(cwd, 'm.safetensors'),
    writeModel({ config, tensors: unflatten(layoutOf(config), parameters) }),
  );
  writeFileSync(join(cwd, 't.json'), '{"sequences": [[0, 1]]}');
  const refused = await cli([...forward, '--kernel-variant', 'split-k'], { cwd });
  expectComplaint(refused, /--kernel-variant split-k: does not do this model's attention.*\n.*qb-fused/);
});
