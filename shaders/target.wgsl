// f* of every prefix of a sequence that is read, by the task's own function (src/tasks/): targets [rows][O] =, and weights [rows] =, 1 in
// reads that have a target and 0 in others, padding and rows that are not used. Without MANY_READS every row is the read of one whole
// sequence, and weights stay 1. One thread a sequence.  Source: docs/theory.md, sections 3 and 10.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<uniform> batch: Batch;
@group(0) @binding(2) var<storage, read> replicas: array<Replica>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read> tokens: array<u32>;
@group(0) @binding(5) var<storage, read_write> targets: array<f32>;
#if MANY_READS
@group(0) @binding(6) var<storage, read_write> weights: array<f32>;
@group(0) @binding(8) var<storage, read> starts: array<u32>;
@group(0) @binding(9) var<storage, read> positions: array<u32>;

var<private> row_end: u32;
#end

#if !MANY_READS
// Its last position.
var<private> last: u32;
#end

// The row of the read that comes next, counted from the first of all replicas.
var<private> row: u32;

// Whether the prefix of length i is read. Called for rising i.
fn wanted(i: u32) -> bool {
  #if MANY_READS
    while (row < row_end && positions[row] < i) { row += 1u; }
    return row < row_end && positions[row] == i;
  #else
    return i == last;
  #end
}

fn set_target(output: u32, value: f32) {
  targets[row * O + output] = value;
  #if MANY_READS
    weights[row] = 1.0;
  #end
}

fn set_class(chosen: u32) {
  for (var o = 0u; o < O; o++) { targets[row * O + o] = select(0.0, 1.0, o == chosen); }
  #if MANY_READS
    weights[row] = 1.0;
  #end
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= space.sequences) { return; }
  let sequence = id.y * space.sequences + id.x;
  #if MANY_READS
    let at_starts = id.y * (space.sequences + 1u);
    let rows = id.y * space.rows;
    row = rows + starts[at_starts + id.x];
    row_end = rows + starts[at_starts + id.x + 1u];
    for (var r = row; r < row_end; r++) { weights[r] = 0.0; }
    let used = starts[at_starts + space.sequences];
    for (var unused = used + id.x; unused < space.rows; unused += space.sequences) { weights[rows + unused] = 0.0; }
  #else
    row = sequence;
    last = lengths[sequence];
  #end
  task_targets(sequence, lengths[sequence], replicas[id.y].knobs);
}
