import { layoutOf } from '../model/layout.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import { type ClassTables, classTables } from './class-tables.ts';
import { rowWidths } from './row-widths.ts';
import { type SequenceTables, sequenceTables } from './sequence-tables.ts';
import { contiguous, type View } from './view.ts';

/**
 * Where everything of a replica lies in its block of the arena: parameters first (as in `model/layout.ts`), their
 * gradients, Adam's two moments, then the class tables of layer 1 and, in two-layer models, what layer 2 keeps of each
 * sequence of a batch; both tables twice, for values and for gradients.
 */
export interface Arena {
  /** Floats of a replica's block. */
  stride: number;
  parameterFloats: number;
  gradients: number;
  moment1: number;
  moment2: number;
  /** Parameters by tensor name, and their gradients. */
  parameter: (name: string) => View;
  gradient: (name: string) => View;
  tables: ClassTables;
  gradTables: ClassTables;
  /** Sequences of a replica that the arena has room for; 0 in one-layer models. */
  sequences: number;
  sequence: SequenceTables | undefined;
  gradSequence: SequenceTables | undefined;
}

/** Hands out consecutive stretches of a block, each at a multiple of 4 floats. */
export class Allocator {
  end: number;

  constructor(start: number) {
    this.end = start;
  }

  /** A row-major view of fresh floats. */
  take(sizes: number[]): View {
    const view = contiguous(this.end, sizes);
    this.end += Math.ceil(sizes.reduce((a, b) => a * b, 1) / 4) * 4;
    return view;
  }
}

/** Lays out the arena of a model, for batches of `sequences` sequences a replica when it has two layers. */
export function arenaOf(config: ModelConfig, sequences = 0): Arena {
  const layout = layoutOf(config);
  const widths = rowWidths(config);
  const P = layout.stride;
  const allocator = new Allocator(4 * P);
  const take = (sizes: number[]) => allocator.take(sizes);
  const tables = classTables(config, widths, take);
  const gradTables = classTables(config, widths, take);
  const two = config.layers === 2;
  const sequence = two ? sequenceTables(config, widths, sequences, take) : undefined;
  const gradSequence = two ? sequenceTables(config, widths, sequences, take) : undefined;
  const at = (base: number) => (name: string) => {
    const slot = layout.slots.find(s => s.name === name);
    if (!slot) throw new Error(`no tensor ${name}`);
    return contiguous(base + slot.offset, slot.shape);
  };
  return {
    stride: allocator.end,
    parameterFloats: P,
    gradients: P,
    moment1: 2 * P,
    moment2: 3 * P,
    parameter: at(0),
    gradient: at(P),
    tables,
    gradTables,
    sequences: two ? sequences : 0,
    sequence,
    gradSequence,
  };
}
