/** A model, or a pack of them, under training: some steps at a time. The first step compiles. */
export interface Stepper {
  /** Makes the data of the coming steps on the host, where that is not part of the steps. */
  draw?(steps: number): void;
  /** Takes optimiser steps; resolves to the losses that the first model had in them. */
  take(steps: number): Promise<ArrayLike<number>>;
  dispose(): void;
}
