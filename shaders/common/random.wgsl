// Counter-based random numbers, the bit-equal twin of src/shared/random.ts.
// pcg4d: Jarzynski and Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020.

fn pcg4d(seed: vec4<u32>) -> vec4<u32> {
  var v = seed * 1664525u + 1013904223u;
  v.x += v.y * v.w; v.y += v.z * v.x; v.z += v.x * v.y; v.w += v.y * v.z;
  v ^= v >> vec4<u32>(16u);
  v.x += v.y * v.w; v.y += v.z * v.x; v.z += v.x * v.y; v.w += v.y * v.z;
  return v;
}

// floor(random * bound / 2^32): a uniform integer in 0..bound-1, integer arithmetic only.
fn below(random: u32, bound: u32) -> u32 {
  let random_low = random & 0xffffu;
  let random_high = random >> 16u;
  let bound_low = bound & 0xffffu;
  let bound_high = bound >> 16u;
  let carry = (random_low * bound_low) >> 16u;
  let middle = random_high * bound_low + carry;
  let middle_low = (middle & 0xffffu) + random_low * bound_high;
  return random_high * bound_high + (middle >> 16u) + (middle_low >> 16u);
}

// A stream of words for one sequence: block i of four words is pcg4d(i, sequence, step, key).
struct WordStream { key: u32, step: u32, sequence: u32, used: u32, block: vec4<u32> }

fn word_stream(key: u32, step: u32, sequence: u32) -> WordStream {
  return WordStream(key, step, sequence, 0u, vec4<u32>());
}

fn next_word(stream: ptr<function, WordStream>) -> u32 {
  let lane = (*stream).used & 3u;
  if (lane == 0u) {
    (*stream).block = pcg4d(vec4<u32>((*stream).used >> 2u, (*stream).sequence, (*stream).step, (*stream).key));
  }
  (*stream).used += 1u;
  return (*stream).block[lane];
}
