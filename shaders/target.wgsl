// f*(x) of one sequence a row, by the task's own function that engine/shader.ts appends (src/tasks/).
// targets [R*B][O] =.  Source: theory.md, section 3.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<storage, read> replicas: array<Replica>;
@group(0) @binding(2) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read> tokens: array<u32>;
@group(0) @binding(4) var<storage, read_write> targets: array<f32>;

fn set_target(row: u32, output: u32, value: f32) { targets[row * O + output] = value; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= batch.sequences) { return; }
  let row = id.y * batch.sequences + id.x;
  task_target(row, lengths[row], replicas[id.y].knobs);
}
