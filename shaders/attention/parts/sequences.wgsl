// Which tile of its sequence a workgroup takes: a dispatch may have some of them.
fn tile_of(group: vec3<u32>) -> u32 { return attention.first_tile + group.x; }

// The same from the other end, so that the longest rows begin first.
fn tile_from_end(group: vec3<u32>) -> u32 { return attention.tiles - 1u - tile_of(group); }

// A sequence of a replica, and the first of the heads of a workgroup: rows first_query .. end_query - 1 and
// first_key .. end_key - 1, padding included.
struct Sequence {
  replica: u32,
  head: u32,
  block: u32,
  first_query: u32,
  end_query: u32,
  first_key: u32,
  end_key: u32,
}

// The sequence of a workgroup, `blocks` of them to `heads` heads.
fn sequence_of(group: vec3<u32>, blocks: u32, heads: u32) -> Sequence {
  let start = group.y * (attention.sequences + 1u) + group.z / (blocks * (H / heads));
  let query = group.y * attention.queries.rows;
  let key = group.y * attention.keys.rows;
  return Sequence(
    group.y,
    group.z / blocks % (H / heads) * heads,
    group.z % blocks,
    query + query_starts[start],
    query + query_starts[start + 1u],
    key + key_starts[start],
    key + key_starts[start + 1u],
  );
}
