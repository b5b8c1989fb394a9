/*
 * Circulations on the de Bruijn graph: nodes are grams of g − 1 tokens, edges grams of g, from the first g − 1 tokens to the last. The
 * grams of a string that returns to its first g − 1 tokens are a circulation (as many edges into each node as out of it), and a connected
 * circulation of whole numbers is the grams of such a string (Euler). At g = 1 there is one node.
 */

/** Where fractions end: far above what float64 makes of sums over a graph, far below a token. */
const FRACTION = 1e-6;

const fractional = (flow: number) => Math.abs(flow - Math.round(flow)) > FRACTION;

/**
 * Whole numbers that are a circulation, each the floor or the ceiling of `flows` [S^g], itself a circulation, and in sum not above its sum.
 * While fractions are left they contain an undirected cycle, since no node has exactly one; moving flow along it, in the direction that
 * does not add to the sum, until one of them is whole leaves fewer.
 * @throws Error when `flows` is no circulation.
 */
export function roundCirculation(flows: ArrayLike<number>, vocabulary: number): Float64Array {
  const rounded = Float64Array.from(flows);
  const nodes = rounded.length / vocabulary;
  const loose = new Set([...rounded.keys()].filter(edge => fractional(rounded[edge]!)));
  /** Fractional edges at a node, +1 where the edge leaves it. */
  const at = (node: number): [edge: number, sign: number][] => {
    const found: [number, number][] = [];
    for (let x = 0; x < vocabulary; x++) {
      const [leaving, entering] = [node * vocabulary + x, x * nodes + node];
      if (loose.has(leaving)) found.push([leaving, 1]);
      if (loose.has(entering) && entering % nodes !== Math.floor(entering / vocabulary))
        found.push([entering, -1]);
    }
    return found;
  };
  while (loose.size > 0) {
    const { cycle, end } = walkOf(loose, at, { vocabulary, nodes });
    if (end !== undefined) {
      // The other fractions at its node were below `FRACTION`, and so, but for their number, is this one.
      if (Math.abs(rounded[end]! - Math.round(rounded[end]!)) > 2 * vocabulary * FRACTION)
        throw noCirculation();
      rounded[end] = Math.round(rounded[end]!);
      loose.delete(end);
      continue;
    }
    const along = cycle.reduce((sum, [, sign]) => sum + sign, 0) > 0 ? -1 : 1;
    const room = cycle.map(([edge, sign]) => {
      const flow = rounded[edge]!;
      return sign * along > 0 ? Math.ceil(flow) - flow : flow - Math.floor(flow);
    });
    const step = Math.min(...room);
    cycle.forEach(([edge, sign]) => {
      rounded[edge]! += sign * along * step;
      if (!fractional(rounded[edge]!)) {
        rounded[edge] = Math.round(rounded[edge]!);
        loose.delete(edge);
      }
    });
  }
  const whole = rounded.map(Math.round);
  if (!isCirculation(whole, vocabulary)) throw noCirculation();
  return whole;
}

const noCirculation = () => new Error('grams that are no circulation cannot be rounded to one');

/**
 * A walk along fractional edges until a node comes again: the cycle, each edge with +1 where it is passed forwards; or the edge at which
 * the walk ends, its node having no other.
 */
function walkOf(
  loose: ReadonlySet<number>,
  at: (node: number) => [number, number][],
  { vocabulary, nodes }: { vocabulary: number; nodes: number },
): { cycle: [edge: number, sign: number][]; end?: number } {
  const [start] = [...loose];
  const path: [number, number][] = [];
  const seen = new Map<number, number>();
  let node = Math.floor(start! / vocabulary);
  let came: number | undefined;
  for (;;) {
    const before = seen.get(node);
    if (before !== undefined) return { cycle: path.slice(before) };
    seen.set(node, path.length);
    const next = at(node).find(([edge]) => edge !== came);
    if (!next) return { cycle: [], end: came ?? start! };
    path.push(next);
    [came] = next;
    node = next[1] > 0 ? next[0] % nodes : Math.floor(next[0] / vocabulary);
  }
}

/** Whether as many edges enter each node as leave it, to the last digit. */
export function isCirculation(flows: ArrayLike<number>, vocabulary: number, tolerance = 0): boolean {
  const nodes = flows.length / vocabulary;
  for (let node = 0; node < nodes; node++) {
    let surplus = 0;
    for (let x = 0; x < vocabulary; x++) surplus += flows[node * vocabulary + x]! - flows[x * nodes + node]!;
    if (Math.abs(surplus) > tolerance) return false;
  }
  return true;
}

/**
 * The tokens that a closed walk from `root` reads which passes each edge as often as `counts` says: a circulation of whole numbers, every
 * edge at least once. Each node's last exit is that of a tree towards the root, which alone makes any order of the other exits an Eulerian
 * circuit (van Aardenne-Ehrenfest and de Bruijn, 1951); those are spread evenly, so that every stretch of the walk has nearly the
 * proportions of all.
 */
export function eulerianTokens(counts: Float64Array, vocabulary: number, root: number): Uint8Array {
  const nodes = counts.length / vocabulary;
  const exits = lastExits(nodes, vocabulary, root);
  const left = counts.slice();
  const passed = new Float64Array(counts.length);
  const leaving = Float64Array.from({ length: nodes }, (_, node) =>
    counts.subarray(node * vocabulary, (node + 1) * vocabulary).reduce((a, b) => a + b, 0),
  );
  const visits = new Float64Array(nodes);
  const tokens = new Uint8Array(counts.reduce((a, b) => a + b, 0));
  let node = root;
  for (let i = 0; i < tokens.length; i++) {
    visits[node]!++;
    let [best, most] = [-1, -Infinity];
    for (let x = 0; x < vocabulary; x++) {
      const edge = node * vocabulary + x;
      const kept = node !== root && x === exits[node] ? 1 : 0;
      if (left[edge]! <= kept) continue;
      const due = (counts[edge]! * visits[node]!) / leaving[node]! - passed[edge]!;
      if (due > most) [best, most] = [x, due];
    }
    const token = best >= 0 ? best : exits[node]!;
    const edge = node * vocabulary + token;
    left[edge]!--;
    passed[edge]!++;
    tokens[i] = token;
    node = edge % nodes;
  }
  return tokens;
}

/** For each node the token of its edge in a tree that leads to the root, which any node reaches within g − 1 steps. */
function lastExits(nodes: number, vocabulary: number, root: number): Int32Array {
  const exits = new Int32Array(nodes).fill(-1);
  const reached = new Set([root]);
  // Breadth first, backwards: a node is x·nodes/S + (its successor's first tokens).
  for (const node of reached) {
    for (let x = 0; x < vocabulary; x++) {
      const from = Math.floor((x * nodes + node) / vocabulary);
      if (reached.has(from)) continue;
      reached.add(from);
      exits[from] = node % vocabulary;
    }
  }
  return exits;
}
