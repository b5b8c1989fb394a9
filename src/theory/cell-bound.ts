import type { ClassTables } from '../model/first-layer.ts';
import { add } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { roundedTokens } from '../simulation/deterministic.ts';
import type { BodyCell, BodyCells, Hull, Probe } from './body-cells.ts';
import { sum } from './complexity.ts';
import { type Interval, slopes } from './relaxation.ts';

/** A bound over a cell. */
export interface CellError {
  error: number;
  /** What each head's attention to each residue of the body is at most [H][Δ]. */
  shares: number[][];
}

/** ‖J (v − w)‖ of two probes at most, J any slope that the output has over a set of states. */
type Norm = (v: Probe, w: Probe) => number;

/** A slot of a head: a residue of the body or an offset of the suffix. All weights of a head are on one scale. */
interface Slot {
  hull: Hull;
  /** At T its weight is proportional to T^exponent, up to a factor T / (T − τ − 1) in the suffix; 0 in the body. */
  exponent: number;
  /** Weight at T = |z|; `weights` has the highest at each of the hull's means. */
  weight: Interval;
  weights: number[];
  /** Share of attention at every T ≥ |z|. */
  share: Interval;
}

/** A head's slots: residues of the body, then offsets of the suffix. */
interface Head {
  h: number;
  slots: Slot[];
  /** Of the body's weights, as `BodyCells.weights` has them. */
  scale: number;
  /** The least total weight of z, its tokens rounded, and without what fades as T grows. */
  total: number;
}

/** What a slot's means are from a point, and among each other, seen from the output. */
interface Extent {
  distance: number;
  radius: number;
}

/** ‖f(x) − f(z)‖ over cells of bodies; certificate.ts has the argument, step by step as it is here. */
export class CellBound {
  private readonly model: AnyModel;
  private readonly tables: ClassTables;
  private readonly cells: BodyCells;
  /** U B e_i of each neuron [m, outputs], and its length [m]. */
  private readonly columns: Float64Array;
  private readonly reaches: Float64Array;
  /** Tokens of a residue class of z that can be other ones than its share of x's. */
  private readonly rounding: number;

  constructor(model: AnyModel, tables: ClassTables, cells: BodyCells) {
    const { outputs, width: d, mlpWidth: m } = model.config;
    const { unembed, 'layer.0.mlp_out': B } = model.tensors;
    this.model = model;
    this.tables = tables;
    this.cells = cells;
    this.rounding = roundedTokens(model.config);
    this.columns = new Float64Array(m * outputs);
    this.reaches = new Float64Array(m);
    for (let i = 0; i < m; i++) {
      const column = this.columns.subarray(i * outputs, (i + 1) * outputs);
      for (let o = 0; o < outputs; o++)
        for (let k = 0; k < d; k++) column[o]! += unembed![o * d + k]! * B![k * m + i]!;
      this.reaches[i] = Math.hypot(...column);
    }
  }

  /** A bound on ‖f(x) − f(z)‖ for every x whose body lies in the cell and every z of at least `length` tokens. */
  at(cell: BodyCell, length: number): CellError {
    const { period } = this.model.config;
    const heads = this.tables.phi.map((_, h) => this.weighed(cell, h, length));
    const norm = this.outputNorm(this.inputs(cell, heads, length));
    const errors = heads.map(head => {
      const middle = middleOf(head.slots);
      const extents = head.slots.map(({ hull }) => extentOf(hull, middle, norm));
      const reach = reachOf(head.slots, extents);
      const moved =
        this.shareError(head, extents, reach, length) + this.suffixError(head, extents, norm, length);
      return this.roundingError(cell, head, { middle, reach, norm }, length) + Math.min(2 * reach, moved);
    });
    return {
      error: sum(errors),
      shares: heads.map(({ slots }) => slots.slice(0, period).map(({ share }) => share.high)),
    };
  }

  /** Tokens before the suffix of a z of `length`. */
  private free(length: number): number {
    return length - this.model.config.locality - 1;
  }

  private weighed({ context, residues }: BodyCell, h: number, length: number): Head {
    const { period, vocabulary } = this.model.config;
    const free = this.free(length);
    const phi = this.tables.phi[h]!;
    const weights = this.cells.weights(h, context.query);
    const logs = context.suffix.map((classes, t) =>
      classes.map(c => Math.log(weights[c]!) + (phi[t]! - 1) * Math.log(length)),
    );
    const most = Math.max(0, ...logs.flat());
    const scale = Math.exp(-most);
    const shareOfResidue = {
      low: Math.max(0, 1 - (period - 1) / free) / period,
      high: (1 + (period - 1) / free) / period,
    };
    const body = residues.map(({ heads }) => {
      const { weights: own, hull } = heads[h]!;
      const highest = own.map(weight => shareOfResidue.high * weight * scale);
      const weight = { low: shareOfResidue.low * Math.min(...own) * scale, high: Math.max(...highest) };
      return { hull, exponent: 0, weight, weights: highest };
    });
    const suffix = context.suffix.map((_, t) => {
      const own = logs[t]!.map(log => Math.exp(log - most));
      const highest = own.map(weight => (weight * length) / free);
      const weight = { low: Math.min(...own), high: Math.max(...highest) };
      return { hull: context.hulls[h]![t]!, exponent: phi[t]! - 1, weight, weights: highest };
    });
    const rounded = residues.map(({ heads }, r) => {
      const own = Array.from({ length: vocabulary }, (_, s) => weights[s * period + r]!);
      const [least, largest] = [Math.min(...own), Math.max(...own)];
      const off = this.rounding / Math.floor(free / period);
      const kept = Math.max(least, Math.min(...heads[h]!.weights) - off * (largest - least));
      return shareOfResidue.low * kept * scale;
    });
    const lasting = suffix.map(({ exponent, weight }) => (exponent >= 0 ? weight.low : 0));
    return { h, slots: withShares([...body, ...suffix]), scale, total: sum(rounded) + sum(lasting) };
  }

  /** Ranges of the MLP's inputs along the straight way from any x of the cell to its z [m]. */
  private inputs(cell: BodyCell, heads: Head[], length: number): Interval[] {
    const { outputs, mlpWidth, period } = this.model.config;
    const bias = this.model.tensors['layer.0.mlp_bias'] ?? [];
    const own = this.cells.queries[cell.context.query]!;
    const inputs = Array.from({ length: mlpWidth }, (_, i): Interval => {
      const input = bias[i]! + own[outputs + i]!;
      return { low: input, high: input };
    });
    for (const { h, slots, scale, total } of heads) {
      const weights = this.cells.weights(h, cell.context.query);
      const values = this.cells.values[h]!;
      for (let i = 0; i < mlpWidth; i++) {
        const at = outputs + i;
        const low = leastMean(slots, at, 1);
        const high = -leastMean(slots, at, -1);
        let rounded = 0;
        for (let r = 0; r < period; r++) {
          // The mean that tokens move about can be anywhere between; what differs between two tokens is largest at an end.
          const from = this.differing(weights, values, r, at, low);
          const to = this.differing(weights, values, r, at, high);
          rounded += Math.max(from, to);
        }
        const slack = (this.rounding * scale * rounded) / (this.free(length) * total);
        inputs[i]!.low += low - slack;
        inputs[i]!.high += high + slack;
      }
    }
    return inputs;
  }

  /** How much the weighed deviations from a mean differ between two tokens of a residue at most, in one entry. */
  private differing(
    weights: ArrayLike<number>,
    values: readonly Probe[],
    r: number,
    at: number,
    mean: number,
  ): number {
    const { period, vocabulary } = this.model.config;
    let [least, largest] = [Infinity, -Infinity];
    for (let c = r; c < vocabulary * period; c += period) {
      const moved = weights[c]! * (values[c]![at]! - mean);
      if (moved < least) least = moved;
      if (moved > largest) largest = moved;
    }
    return largest - least;
  }

  /** sup ‖J v‖ over all slopes J = U (I + B D A) with the neurons' slopes D where their inputs lie. */
  private outputNorm(inputs: Interval[]): Norm {
    const { activation, outputs } = this.model.config;
    const middles = new Float64Array(inputs.length);
    const halves = new Float64Array(inputs.length);
    inputs.forEach((interval, i) => {
      const { low, high } = slopes(activation, interval);
      middles[i] = (low + high) / 2;
      halves[i] = ((high - low) / 2) * this.reaches[i]!;
    });
    const out = new Float64Array(outputs);
    // A certificate asks for this tens of thousands of times.
    return (v, w) => {
      let around = 0;
      for (let o = 0; o < outputs; o++) out[o] = v[o]! - w[o]!;
      for (let i = 0; i < inputs.length; i++) {
        const input = v[outputs + i]! - w[outputs + i]!;
        const pull = middles[i]! * input;
        around += halves[i]! * Math.abs(input);
        for (let o = 0; o < outputs; o++) out[o]! += pull * this.columns[i * outputs + o]!;
      }
      return Math.hypot(...out) + around;
    };
  }

  /** Step 1: tokens rounded within residues. */
  private roundingError(
    { context }: BodyCell,
    { h, scale, total }: Head,
    { middle, reach, norm }: { middle: Probe; reach: number; norm: Norm },
    length: number,
  ): number {
    const { period } = this.model.config;
    const weights = this.cells.weights(h, context.query);
    const values = this.cells.values[h]!;
    // e_c (v_c − O) of every class, O the middle.
    const pulls = values.map((value, c) => value.map((x, k) => weights[c]! * (x - middle[k]!)));
    let moved = 0;
    for (let r = 0; r < period; r++) {
      let most = 0;
      for (let a = r; a < pulls.length; a += period) {
        for (let b = r; b < a; b += period)
          most = Math.max(most, norm(pulls[a]!, pulls[b]!) + Math.abs(weights[a]! - weights[b]!) * reach);
      }
      moved += most;
    }
    return (this.rounding * scale * moved) / (this.free(length) * total);
  }

  /** Step 2: the residues' shares of the body. */
  private shareError({ slots, total }: Head, extents: Extent[], reach: number, length: number): number {
    const { period } = this.model.config;
    if (period === 1) return 0;
    const free = this.free(length);
    const far = extents.map(({ distance, radius }) => distance + radius);
    const byResidue = slots.slice(0, period).map(({ weight }, r) => weight.high * (far[r]! + reach));
    const byVariation = Math.tanh(Math.log1p(1 / Math.floor(free / period)) / 4) * 2 * Math.max(...far);
    return Math.min(((period ** 2 / (2 * free)) * Math.max(...byResidue)) / total, byVariation);
  }

  /** Step 3: T grows beyond |z|. */
  private suffixError({ slots }: Head, extents: Extent[], norm: Norm, length: number): number {
    const { period } = this.model.config;
    const isBody = (i: number) => i < period;
    const stretch = length / this.free(length);
    const [body, suffix] = [isBody, (i: number) => !isBody(i)].map(which => ({
      share: sum(slots.map(({ share }, i) => (which(i) ? share.high : 0))),
      far: Math.max(...extents.map(({ distance, radius }, i) => (which(i) ? distance + radius : 0))),
    })) as [Side, Side];
    const variation = Math.min(
      Math.tanh(Math.log(stretch) / 4),
      (stretch - 1) * Math.min(body.share, suffix.share),
    );
    const top = topOf(slots);
    const [on, off] = [
      slots.filter(({ exponent }) => exponent === top),
      slots.filter(({ exponent }) => exponent < top),
    ];
    const lasting = sum(on.map(({ weight }) => weight.low));
    const fading = off.map(from => {
      const above = slots
        .filter(({ exponent }) => exponent > from.exponent)
        .flatMap(({ hull }) => hull.means);
      const moves = from.hull.means.map(mean => Math.max(...above.map(other => norm(mean, other))));
      const pulls = moves.map((move, i) => from.weights[i]! * move);
      return { farthest: Math.max(...moves), moved: Math.max(...pulls) / (from.weight.low + lasting) };
    });
    const mass = sum(off.map(({ weight }) => weight.high));
    const together =
      mass === 0 ? 0 : (mass / (mass + lasting)) * Math.max(...fading.map(({ farthest }) => farthest));
    const apart = sum(fading.map(({ moved }) => moved));
    return variation * (body.far + suffix.far) + Math.min(together, apart);
  }
}

/** One side of attention, body or suffix: its share at most, and how far its means are from the middle. */
interface Side {
  share: number;
  far: number;
}

function topOf(slots: readonly Pick<Slot, 'exponent'>[]): number {
  return Math.max(...slots.map(({ exponent }) => exponent));
}

/**
 * Adds each slot's share of attention at every T ≥ |z|. Relative to T^top, weights of smaller exponents only fall from what they are at
 * |z|.
 */
function withShares(slots: Omit<Slot, 'share'>[]): Slot[] {
  const top = topOf(slots);
  const lows = slots.map(({ exponent, weight }) => (exponent === top ? weight.low : 0));
  const [low, high] = [sum(lows), sum(slots.map(({ weight }) => weight.high))];
  return slots.map((slot, i) => {
    const [least, most] = [lows[i]!, slot.weight.high];
    const share = {
      low: least === 0 ? 0 : least / (least + Math.max(0, high - most)),
      high: most === 0 ? 0 : Math.min(1, most / (most + Math.max(0, low - least))),
    };
    return { ...slot, share };
  });
}

/** A mean that attention can have: every slot with about the middle of its share. */
function middleOf(slots: readonly Slot[]): Probe {
  const shares = slots.map(({ share }) => (share.low + share.high) / 2);
  const all = sum(shares);
  const middle = new Float64Array(slots[0]!.hull.center.length);
  slots.forEach(({ hull }, i) => {
    add(middle, hull.center, shares[i]! / all);
  });
  return middle;
}

function extentOf({ means, center }: Hull, middle: Probe, norm: Norm): Extent {
  return {
    distance: norm(center, middle),
    radius: means.length === 1 ? 0 : Math.max(...means.map(mean => norm(mean, center))),
  };
}

/** How far a mean that attention can have is from `middleOf`: no slot's share moves beyond its range, nor any mean out of the hull. */
function reachOf(slots: readonly Slot[], extents: readonly Extent[]): number {
  const shares = slots.map(({ share }) => (share.low + share.high) / 2);
  const all = sum(shares);
  const moved = slots.map(({ share }, i) => {
    const own = shares[i]! / all;
    const { distance, radius } = extents[i]!;
    return share.high * radius + Math.max(share.high - own, own - share.low) * distance;
  });
  return Math.min(sum(moved), Math.max(...extents.map(({ distance, radius }) => distance + radius)));
}

/** Up to this many slots, what an open share adds is found exactly. */
const FEW_SLOTS = 4;

/**
 * The least that one entry of a mean that attention can have is (sign 1), or minus the most (−1): what shares leave open goes to the slots
 * with the least of it.
 */
function leastMean(slots: readonly Slot[], at: number, sign: 1 | -1): number {
  let [sure, open, least] = [0, 1, Infinity];
  for (const { share, hull } of slots) {
    const value = sign > 0 ? hull.low[at]! : -hull.high[at]!;
    sure += share.low * value;
    open -= share.low;
    if (value < least) least = value;
  }
  if (open <= 0) return sure;
  // Of many slots none holds much more than its least.
  return sure + (slots.length > FEW_SLOTS ? open * least : filled(slots, open, at, sign));
}

/** The least that an open share can add: to the slot with the least value as much as it can hold, then to the next. */
function filled(slots: readonly Slot[], open: number, at: number, sign: 1 | -1): number {
  let [left, total, full] = [open, 0, 0];
  for (let rest = slots.length; left > 0 && rest > 0; rest--) {
    let [next, least] = [-1, Infinity];
    for (let k = 0; k < slots.length; k++) {
      if (full & (1 << k)) continue;
      const { hull } = slots[k]!;
      const value = sign > 0 ? hull.low[at]! : -hull.high[at]!;
      if (next < 0 || value < least) [next, least] = [k, value];
    }
    full |= 1 << next;
    const { share } = slots[next]!;
    const more = rest === 1 ? left : Math.min(left, share.high - share.low);
    total += more * least;
    left -= more;
  }
  return total;
}
