// Bandwidth of memory: to [COUNT vec4] = from [COUNT vec4], each thread PER_THREAD of them, a workgroup's side by side.

@group(0) @binding(0) var<storage, read> source: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> to: array<vec4<u32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let first = group.x * 64u * PER_THREAD + thread;
  for (var i = 0u; i < PER_THREAD; i++) {
    to[first + i * 64u] = source[first + i * 64u];
  }
}
