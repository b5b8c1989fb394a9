/** Share of each new rate in the mean of the last. */
const NEW = 0.2;
/** Below this share of the rate in front, a tab in the background counts as slowed: noise of a busy machine makes less of a difference. */
const SLOWED = 0.5;
/** Rates that a mean needs to count. */
const ENOUGH = 8;

const NOTHING = { count: 0, mean: 0 };

/** How fast a tab computes in front and in the background: whether the browser slows it there. */
export class Pace {
  private front = NOTHING;
  private back = NOTHING;

  /** Takes in a rate of the work under way. */
  take(rate: number, hidden: boolean): void {
    const { count, mean } = hidden ? this.back : this.front;
    const next = { count: count + 1, mean: count === 0 ? rate : (1 - NEW) * mean + NEW * rate };
    if (hidden) this.back = next;
    else this.front = next;
  }

  /** Forgets everything: other work has other rates. */
  reset(): void {
    this.front = NOTHING;
    this.back = NOTHING;
  }

  /**
   * The rate in the background as a share of that in front, where the browser slows it; undefined where it does not, or nothing is known.
   */
  get slowedTo(): number | undefined {
    if (this.front.count < ENOUGH || this.back.count < ENOUGH) return undefined;
    const share = this.back.mean / this.front.mean;
    return share < SLOWED ? share : undefined;
  }
}
