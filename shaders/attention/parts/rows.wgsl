// Parts of the kernels of any width whose threads are query rows. They name the reader of the keys `four_keys`.

// The thread's query row; rows past the last repeat it, so that control flow is the same in a quad. `reach`: keys that the tile sees.
#part query_row()
  let row = tile + thread;
  let last = min(tile + TILE, sequence.end_query) - 1u;
  let at = min(row, last);
  let position = position_at(at);
  let reach = last_position(tile, last + 1u);
  let near = near_from(position_at(tile));
  let last_key = sequence.first_key + max(reach, 1u) - 1u;
  let log_row = log_of(position);
  let factor = row_factor(log_row, sigma_of(sequence.replica, sequence.head));
  let query = place(attention.queries, at, sequence.head);
#end

// s: scores of the row against keys j .. j + 3, which lie at `key`; `products`: the bare ones.
#part score_row()
  let key = four(attention.keys, sequence.first_key + j, last_key, sequence.head);
  var products = vec4<f32>();
  for (var c = 0u; c < DK4; c++) { products += queries[query + c] * four_keys(key, c); }
  var s = factor * products;
  if (BIASED || j >= near) {
    s = ruled(s, vec4<u32>(position), vec4<f32>(log_row), four_from(j), sequence.replica, sequence.head);
  }
#end
