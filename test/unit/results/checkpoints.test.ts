import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Checkpoints, readCheckpoint, writeCheckpoint } from '../../../src/results/checkpoints.ts';
import { toBase64 } from '../../../src/shared/base64.ts';
import type { Checkpoint } from '../../../src/shared/checkpoint.ts';
import { emptyFolder } from '../../support/cli.ts';

/** A checkpoint of a model of four parameters. */
const checkpoint = (cell: string, more: Partial<Checkpoint> = {}): Checkpoint => ({
  cell,
  origin: { machine: 'a GPU, Chrome/1', engine: 'abc' },
  step: 900,
  divergedAtStep: null,
  curve: [
    { step: 300, loss: 0.1 + 0.2 },
    { step: 600, loss: null },
  ],
  tested: [{ count: 64, L: 1 / 3, n: 64, LL: null, Ln: 2 / 3, nn: 64 }],
  seconds: 12.5,
  floats: toBase64(Float32Array.from({ length: 12 }, (_, i) => Math.fround(Math.sin(i)))),
  ...more,
});

describe('a checkpoint’s file', () => {
  test('gives back every bit, whatever is not finite', () => {
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, -0, 1e-45, 1, 2, 3, 4, 5, 6, 7, 8];
    for (const own of [checkpoint('a'), checkpoint('b', { floats: toBase64(Float32Array.from(odd)) })])
      expect(readCheckpoint(writeCheckpoint(own), 'x')).toEqual(own);
  });

  test('is safetensors: parameters and both moments', () => {
    const bytes = writeCheckpoint(checkpoint('a'));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + bytes[0]! + 256 * bytes[1]!)));
    expect(header).toMatchObject({
      parameters: { dtype: 'F32', shape: [4], data_offsets: [0, 16] },
      moment1: { dtype: 'F32', shape: [4], data_offsets: [16, 32] },
      moment2: { dtype: 'F32', shape: [4], data_offsets: [32, 48] },
    });
  });

  test('that is cut anywhere is refused', () => {
    const bytes = writeCheckpoint(checkpoint('a'));
    for (let length = 0; length < bytes.length; length++)
      expect(() => readCheckpoint(bytes.subarray(0, length), 'x.safetensors')).toThrow(/^x\.safetensors: /);
  });
});

describe('checkpoints of a run', () => {
  const nothing = () => false;
  const open = async (folder: string, isFinished: (cell: string) => boolean = nothing) => {
    const said: string[] = [];
    const checkpoints = await Checkpoints.open(folder, isFinished, line => said.push(line));
    return { checkpoints, said };
  };

  test('are found again, each given once; those of finished cells go', async () => {
    const folder = emptyFolder();
    const { checkpoints } = await open(folder);
    await checkpoints.save([checkpoint('a'), checkpoint('b'), checkpoint('c')]);
    await checkpoints.save([checkpoint('a', { step: 1200 })]);
    await checkpoints.remove('b');
    await checkpoints.close();
    expect(readdirSync(join(folder, 'checkpoints')).sort()).toEqual(['a.safetensors', 'c.safetensors']);
    const again = await open(folder, cell => cell === 'c');
    expect(again.said).toEqual([]);
    expect(again.checkpoints.stepOf('a')).toBe(1200);
    expect(again.checkpoints.take('a')).toEqual(checkpoint('a', { step: 1200 }));
    expect(again.checkpoints.take('a')).toBeUndefined();
    expect(again.checkpoints.take('c')).toBeUndefined();
    await again.checkpoints.remove('a');
    await again.checkpoints.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('that are damaged, foreign or not whole are taken away, and the cell starts again', async () => {
    const folder = emptyFolder();
    const { checkpoints } = await open(folder);
    await checkpoints.save([checkpoint('a'), checkpoint('b')]);
    const at = (name: string) => join(folder, 'checkpoints', name);
    writeFileSync(at('b.safetensors'), readFileSync(at('b.safetensors')).subarray(0, 100));
    writeFileSync(at('c.safetensors'), readFileSync(at('a.safetensors')));
    writeFileSync(at('a.safetensors.123.tmp'), 'half');
    const { checkpoints: again, said } = await open(folder);
    expect(said.sort()).toEqual([
      expect.stringMatching(/b\.safetensors: .*truncated.*: that cell starts again$/),
      expect.stringMatching(/c\.safetensors: it is of cell a: that cell starts again$/),
    ]);
    expect(again.take('b')).toBeUndefined();
    expect(again.take('a')).toEqual(checkpoint('a'));
    expect(readdirSync(join(folder, 'checkpoints'))).toEqual(['a.safetensors']);
  });
});
