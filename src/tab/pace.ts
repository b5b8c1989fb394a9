/** Share of each new rate in the mean of the last. */
const NEW = 0.2;
/** Below this share of the rate in front, a tab in the background counts as slowed: less than noise of a busy machine makes. */
const SLOWED = 0.6;

/** How fast a tab computes in front and in the background: whether the browser slows it there. */
export class Pace {
  private front: number | undefined;
  private back: number | undefined;

  /** Takes in a rate of the work under way. */
  take(rate: number, hidden: boolean): void {
    const before = hidden ? this.back : this.front;
    const mean = before === undefined ? rate : (1 - NEW) * before + NEW * rate;
    if (hidden) this.back = mean;
    else this.front = mean;
  }

  /** Forgets everything: other work has other rates. */
  reset(): void {
    this.front = undefined;
    this.back = undefined;
  }

  /**
   * The rate in the background as a share of that in front, where the browser slows it; undefined where it does not, or nothing is known.
   */
  get slowedTo(): number | undefined {
    if (this.front === undefined || this.back === undefined) return undefined;
    const share = this.back / this.front;
    return share < SLOWED ? share : undefined;
  }
}
