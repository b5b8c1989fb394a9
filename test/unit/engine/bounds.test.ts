import { describe, expect, test } from 'vitest';
import { checkedSource } from '../../support/checked-gpu.ts';

describe('the look at every index', () => {
  const code = `
@group(0) @binding(0) var<storage, read> starts: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<vec4<f32>>;
var<workgroup> part: array<f32, LANES>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
  part[thread] = sums[starts[thread + 1u]][2];
  let restarts = array<u32, 2>(1u, 2u);
  sums[restarts[1]].x = part[0];
}`;
  const checked = checkedSource(code, 7);

  test('covers bindings and workgroup arrays, within one another too, and nothing else', () => {
    expect(checked).toContain(
      'part[within_part(thread)] = sums[within_sums(starts[within_starts(thread + 1u)])][2];',
    );
    expect(checked).toContain('sums[within_sums(restarts[1])].x = part[within_part(0)];');
  });

  test('counts in the counter of its kernel, against the length of what is bound', () => {
    expect(checked).toMatch(
      /fn within_sums\(i: u32\)[^}]*i >= arrayLength\(&sums\)\) \{ atomicAdd\(&indices_past\[7\], 1u\)/,
    );
    expect(checked).toMatch(/fn within_part\(i: u32\)[^}]*i >= u32\(LANES\)/);
  });
});
