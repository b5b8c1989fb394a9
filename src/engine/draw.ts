import { LAWS } from '../tasks/laws.ts';
import { type Dispatch, dispatch } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { compilePrograms, type Specialisation } from './programs.ts';
import type { Rows } from './rows.ts';

/** Draws the tokens of a batch and computes their targets. `table` and `clock` key the random numbers. */
export async function drawPass(
  memory: Memory,
  rows: Rows,
  how: Required<Pick<Specialisation, 'task' | 'law' | 'order'>> & Specialisation,
  table: GPUBuffer,
  clock: GPUBuffer,
): Promise<Dispatch[]> {
  const { gpu } = memory.device;
  const programs = await compilePrograms(gpu, ['sample', 'target'], how);
  const { batch, lengths, tokens, targets, replicas, shape } = rows;
  const scratchWords = LAWS[how.law].scratchWords(how.model.vocabulary, how.order);
  const scratch =
    scratchWords > 0 ? [memory.storage('law scratch', replicas * shape.rows * scratchWords)] : [];
  return [
    dispatch(gpu, programs.sample, [batch, table, clock, lengths, tokens, ...scratch], shape.rows, replicas),
    dispatch(gpu, programs.target, [batch, table, lengths, tokens, targets], shape.rows, replicas),
  ];
}
