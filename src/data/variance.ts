/** Variance of vectors as they come, summed over their entries: running means and sums of squares (Welford 1962). */
export class Variance {
  private count = 0;
  private readonly means: number[] = [];
  private squares = 0;

  add(vector: readonly number[]): void {
    this.count++;
    vector.forEach((value, o) => {
      const mean = this.means[o] ?? 0;
      const next = mean + (value - mean) / this.count;
      this.means[o] = next;
      this.squares += (value - mean) * (value - next);
    });
  }

  /** Adds the vector that has a 1 at `label` and 0 elsewhere. */
  addClass(label: number): void {
    while (this.means.length <= label) this.means.push(0);
    this.add(this.means.map((_, o) => (o === label ? 1 : 0)));
  }

  get value(): number {
    return this.squares / this.count;
  }
}
