import { trainingFloats } from '../model/memory.ts';
import type { Checkpoint, Origin } from '../shared/checkpoint.ts';
import type { Pack, PackState, Replica } from '../shared/protocol.ts';
import type { Progress, Standing } from './conversation.ts';

/** A point of a cell's training curve. */
export type CurvePoint = Checkpoint['curve'][number];

/** What is known of one replica of a pack in training. */
interface Cell {
  replica: Replica;
  /** Where it can go on; undefined: at the beginning. */
  saved: Checkpoint | undefined;
  /** Its curve, beyond what is saved too. */
  curve: CurvePoint[];
}

/**
 * A pack in training as this side knows it: the last state that the engine told of each replica, curves, and sums of the evaluation. All
 * replicas stand at the same place.
 */
export class Underway {
  readonly pack: Pack;
  private readonly cells: Cell[];
  /** Whether the engine went on from where the cells are saved, as far as it has told. */
  private moved = false;

  private constructor(pack: Pack, cells: Cell[]) {
    this.pack = { ...pack, replicas: cells.map(({ replica }) => replica) };
    this.cells = cells;
  }

  /** A pack's replicas by the place from which they can go on, furthest first. */
  static of(pack: Pack, savedOf: (cell: string) => Checkpoint | undefined): Underway[] {
    const cells = pack.replicas.map(replica => {
      const saved = savedOf(replica.cell);
      return { replica, saved, curve: saved?.curve ?? [] };
    });
    const places = new Map<string, Cell[]>();
    for (const cell of cells) {
      const place = cell.saved ? placeOf(cell.saved) : '';
      places.set(place, [...(places.get(place) ?? []), cell]);
    }
    return [...places.values()].map(own => new Underway(pack, own)).sort((a, b) => b.step - a.step);
  }

  /** Optimiser steps from which it can go on. */
  get step(): number {
    return this.cells[0]!.saved?.step ?? 0;
  }

  /** Names where it can go on: it changes with every step forward. */
  get place(): string {
    const { saved } = this.cells[0]!;
    return saved ? placeOf(saved) : '';
  }

  /** Where the bits come from that it would go on with. */
  get origin(): Origin | undefined {
    return this.cells[0]!.saved?.origin;
  }

  /** Whether there is more than what is saved, as far as the engine has told. */
  get hasNews(): boolean {
    return this.moved;
  }

  /** Has every cell start again. */
  restart(): void {
    for (const cell of this.cells) cell.saved = undefined;
  }

  /** Where the engine is to go on; undefined: at the beginning. Forgets what was seen beyond. */
  resume(): PackState | undefined {
    this.moved = false;
    for (const cell of this.cells) cell.curve = cell.saved?.curve ?? [];
    const [first] = this.cells;
    if (!first?.saved) return undefined;
    return {
      step: first.saved.step,
      replicas: this.cells.map(({ saved }) => ({
        divergedAtStep: saved!.divergedAtStep,
        floats: saved!.floats,
      })),
      tested: first.saved.tested.map((_, point) => this.cells.map(({ saved }) => saved!.tested[point]!)),
    };
  }

  /** Takes in points of the curves. */
  progressed({ curve }: Progress): void {
    this.moved = true;
    for (const { step, losses } of curve) {
      this.cells.forEach((cell, r) => {
        cell.curve = [...cell.curve, { step, loss: losses[r]! }];
      });
    }
  }

  /** Takes in where the engine stands. `before` is the time that was spent on each cell until the engine began. */
  stands(event: Standing, origin: Origin, before: readonly number[]): void {
    this.moved = event.event === 'tested';
    this.cells.forEach((cell, r) => {
      const seconds = before[r]! + event.seconds / this.cells.length;
      if (event.event === 'tested') {
        // Only told after the state at the end of training.
        const tested = [...(cell.saved?.tested ?? [])];
        tested[event.point] = event.sums[r]!;
        if (cell.saved) cell.saved = { ...cell.saved, tested, seconds };
        return;
      }
      const { divergedAtStep, floats } = event.replicas[r]!;
      const { step } = event;
      const tested = cell.saved?.step === step ? cell.saved.tested : [];
      const name = cell.replica.cell;
      cell.saved = { cell: name, origin, step, divergedAtStep, curve: cell.curve, tested, seconds, floats };
    });
  }

  /** Time spent on each cell up to where it can go on. */
  spent(): number[] {
    return this.cells.map(({ saved }) => saved?.seconds ?? 0);
  }

  /** Where each cell can go on; none before the first state. */
  checkpoints(): Checkpoint[] {
    return this.cells.flatMap(({ saved }) => saved ?? []);
  }

  /** The curve of each replica. */
  curves(): CurvePoint[][] {
    return this.cells.map(({ curve }) => curve);
  }

  /** The pack in so many parts of equal size, within one, each going on where it stands; at most one for each replica. */
  parts(count: number): Underway[] {
    const size = Math.ceil(this.cells.length / count);
    const starts = this.cells.flatMap((_, r) => (r % size === 0 ? [r] : []));
    return starts.map(r => new Underway(this.pack, this.cells.slice(r, r + size)));
  }

  /** Device memory while training, an estimate. */
  get bytes(): number {
    const { model, batch, positions, replicas } = this.pack;
    const length = replicas.reduce((most, { trainLength }) => Math.max(most, trainLength), 0);
    return 4 * replicas.length * trainingFloats(model, { batch, length, positions });
  }
}

/** What replicas must share to go on together. */
function placeOf({ step, tested, origin }: Checkpoint): string {
  return [step, ...tested.map(({ count }) => count), origin.engine, origin.machine].join();
}
