/** What a soak has seen: faults by kind, and what was wrong afterwards. */
export class Tally {
  readonly faults = new Map<string, number>();
  readonly wrong: string[] = [];
  sweeps = 0;

  fault(kind: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }

  text(): string {
    const kinds = [...this.faults].sort(([a], [b]) => (a < b ? -1 : 1));
    const total = kinds.reduce((sum, [, count]) => sum + count, 0);
    return [
      `${this.sweeps} sweeps, ${total} faults:`,
      ...kinds.map(([kind, count]) => `  ${String(count).padStart(4)}  ${kind}`),
      this.wrong.length === 0
        ? 'Every sweep ended with every cell once, bit-equal to the undisturbed run.'
        : `${this.wrong.length} things went wrong:`,
      ...this.wrong.map(what => `  ${what}`),
    ].join('\n');
  }
}

/** Random numbers of a seed (mulberry32). */
export function randomOf(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    /** Uniform between two numbers. */
    between: (low: number, high: number) => low + (high - low) * next(),
    pick: <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)]!,
  };
}

export type Random = ReturnType<typeof randomOf>;
