import type { Memory } from '../memory.ts';
import { allocateRowSet, type RowSet } from '../row-set.ts';

/** Rows by replica: where the sequences of each begin and the last ends, and the position of every row. */
export interface GivenRows {
  rows: number;
  starts: number[][];
  positions: number[];
}

/** A row set of rows that the host knows. */
export function uploadRowSet(memory: Memory, label: string, { rows, starts, positions }: GivenRows): RowSet {
  const { queue } = memory.device.gpu;
  const lengths = starts.flatMap(own => own.slice(1).map((end, b) => end - own[b]!));
  const set = allocateRowSet(memory, label, {
    replicas: starts.length,
    sequences: starts[0]!.length - 1,
    rows,
    longest: Math.max(...lengths),
  });
  queue.writeBuffer(set.starts, 0, Uint32Array.from(starts.flat()));
  queue.writeBuffer(set.positions, 0, Uint32Array.from(positions));
  return set;
}

/** Positions first … length of one sequence. */
export function oneSequence(memory: Memory, label: string, length: number, first = 1): RowSet {
  const rows = length - first + 1;
  const positions = Array.from({ length: rows }, (_, i) => first + i);
  return uploadRowSet(memory, label, { rows, starts: [[0, rows]], positions });
}
