// Parts of the kernels that keep rows in registers, ROWS a lane. A quad, and so the workgroup, steps through the other side's rows
// four at a time: every lane loads one of them, a mat4x4 at once, and hands it round (docs/kernels.md). Rows in
// registers are called name{row}_{mat4x4}, shared columns name{mat4x4}_{column}; j is the first of four keys. Where the heads share
// their keys, the rows of a lane are so many heads of one query (BY_HEAD): a tile of fewer queries, which see fewer keys beyond their own.

// One vec4 of each lane of a quad, as columns, in an order of each lane's own: lane ^ 0, ^ 1, ^ 2, ^ 3. On SwiftShader a swap of lanes is
// one instruction, a broadcast a dozen.
fn shared_columns(mine: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(mine, quadSwapX(mine), quadSwapY(mine), quadSwapDiagonal(mine));
}

fn shared_four(mine: f32) -> vec4<f32> {
  return vec4<f32>(mine, quadSwapX(mine), quadSwapY(mine), quadSwapDiagonal(mine));
}

// The numbers of four rows from `first` on, in that order.
fn shared_from(first: u32, lane: u32) -> vec4<u32> { return first + (vec4<u32>(lane) ^ vec4<u32>(0u, 1u, 2u, 3u)); }

// Row `row` of a head of a tensor into registers.
#part load_row(name, buffer, tensor, row, head, matrices)
  let $name_at = place(attention.$tensor, $row, $head);
  #for m $matrices
    let $name_$m = $buffer[$name_at + $mu];
  #end
#end

#part zeros(name, matrices)
  #for m $matrices
    #for c 4
      var $name_$m_$c = vec4<f32>();
    #end
  #end
#end

// The tile's query rows, times their factor; rows past the last repeat it. `reach`: keys that any of them sees.
#part query_rows()
  let last = min(tile + TILE, sequence.end_query) - 1u;
  let reach = last_position(tile, last + 1u);
  let near = near_from(position_at(tile));
  let key_base = place(attention.keys, sequence.first_key, sequence.head);
  let value_base = place(attention.values, sequence.first_key, sequence.head);
  #for r ROWS
    #if BY_HEAD
      let row$r = tile + thread;
      let head$r = sequence.head + $ru;
    #else
      let row$r = tile + $ru * LANES + thread;
      let head$r = sequence.head;
    #end
    let at$r = min(row$r, last);
    let out$r = at$r * H + head$r;
    let position$r = position_at(at$r);
    let log$r = log_of(position$r);
    let factor$r = row_factor(log$r, sigma_of(sequence.replica, head$r));
    #call load_row(raw$r, queries, queries, at$r, head$r, DKM)
    #for m DKM
      let query$r_$m = raw$r_$m * factor$r;
    #end
  #end
#end

// s: scores of the rows against keys j .. j + 3, of which this lane loads `key`.
#part scores()
  let key_at = key_base + key * attention.keys.row;
  #for r ROWS
    var s$r = vec4<f32>();
  #end
  #for m DKM
    let key$m = keys[key_at + $mu];
    #for c 4
      let keys$m_$c = shared_columns(key$m[$c]);
      #for r ROWS
        s$r += query$r_$m[$c] * keys$m_$c;
      #end
    #end
  #end
  if (BIASED || j >= near) {
    #for r ROWS
      s$r = ruled(s$r, vec4<u32>(position$r), vec4<f32>(log$r), shared_from(j, lane), sequence.replica, head$r);
    #end
  }
#end

// Calls a part for each column of values j .. j + 3, values{mat4x4}_{column}. Where keys and values are the same rows the columns are
// there already, behind the scores.
#part each_value(use)
  #if KEYED
    #for m DVM
      #for c 4
        let values$m_$c = keys$m_$c;
        #call $use()
      #end
    #end
  #else
    let value_at = value_base + key * attention.values.row;
    #for m DVM
      let value$m = values[value_at + $mu];
      #for c 4
        let values$m_$c = shared_columns(value$m[$c]);
        #call $use()
      #end
    #end
  #end
#end

// Row `at` of a tensor [rows · heads][vectors] of gradients or means from registers, where it is no repeated one.
#part store_row(name, buffer, at, vectors, matrices)
  let $name_out = $at * $vectors;
  #for m $matrices
    #for c 4
      if ($mu * 4u + $cu < $vectors) { $buffer[$name_out + $mu * 4u + $cu] = $name_$m_$c; }
    #end
  #end
#end
