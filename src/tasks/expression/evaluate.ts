import type { Knobs } from '../task.ts';
import { type BinaryOperator, type Constant, type FunctionName, type Node, nodesOf } from './language.ts';

/** A prefix as expressions see it. */
interface Prefix {
  tokens: ArrayLike<number>;
  length: number;
  /** Of each different count, how many there are. */
  counts: Uint32Array;
}

type Evaluator = (prefix: Prefix) => number;

const CALLS: Record<FunctionName, (a: number, b: number) => number> = {
  ...{ sin: Math.sin, cos: Math.cos, exp: Math.exp, log: Math.log, sqrt: Math.sqrt, abs: Math.abs },
  ...{ floor: Math.floor, min: Math.min, max: Math.max },
  // Of the sign of b.
  mod: (a, b) => a - b * Math.floor(a / b),
};

const OPERATORS: Record<BinaryOperator, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '&&': (a, b) => Number(a !== 0 && b !== 0),
  '||': (a, b) => Number(a !== 0 || b !== 0),
};

/** The value of a constant. */
export function numberOf(constant: Constant, knobs: Knobs): number {
  return constant.kind === 'number' ? constant.value : knobs[constant.name]!;
}

/** Values of expressions at the prefixes of a sequence that end at `reads`, rising, in float64 and one pass over the tokens. */
export function evaluateAll(
  roots: readonly Node[],
  knobs: Knobs,
  tokens: ArrayLike<number>,
  reads: readonly number[],
): number[][] {
  const counted = nodesOf(roots, 'count');
  const places = new Map(counted.map((node, i) => [JSON.stringify(node), i]));
  const wanted = counted.map(({ token, residue, modulus }) => ({
    token: numberOf(token, knobs),
    residue: numberOf(residue, knobs),
    modulus: numberOf(modulus, knobs),
  }));
  const evaluators = roots.map(root => evaluatorOf(root, knobs, places));
  const counts = new Uint32Array(counted.length);
  let t = 1;
  return reads.map(length => {
    for (; t <= length; t++) {
      const token = tokens[t - 1]!;
      wanted.forEach((count, i) => {
        if (token === count.token && t % count.modulus === count.residue) counts[i]!++;
      });
    }
    return evaluators.map(evaluator => evaluator({ tokens, length, counts }));
  });
}

function evaluatorOf(root: Node, knobs: Knobs, places: ReadonlyMap<string, number>): Evaluator {
  const of = (node: Node): Evaluator => {
    switch (node.kind) {
      case 'number':
      case 'knob': {
        const value = numberOf(node, knobs);
        return () => value;
      }
      case 'word': {
        const { vocabulary } = knobs;
        return node.word === 'length' ? ({ length }) => length : () => vocabulary!;
      }
      case 'count': {
        const place = places.get(JSON.stringify(node))!;
        return ({ counts }) => counts[place]!;
      }
      case 'last': {
        const back = numberOf(node.back, knobs);
        return ({ tokens, length }) => (length >= back ? tokens[length - back]! : -1);
      }
      case 'call': {
        const [a, b = a] = node.args.map(of) as [Evaluator, Evaluator?];
        const call = CALLS[node.name];
        return prefix => call(a(prefix), b(prefix));
      }
      case 'unary': {
        const value = of(node.of);
        return node.operator === '-' ? prefix => -value(prefix) : prefix => Number(value(prefix) === 0);
      }
      case 'binary': {
        const [left, right] = [of(node.left), of(node.right)];
        const operator = OPERATORS[node.operator];
        return prefix => operator(left(prefix), right(prefix));
      }
      case 'choice': {
        const [test, yes, no] = [of(node.test), of(node.yes), of(node.no)];
        return prefix => (test(prefix) !== 0 ? yes(prefix) : no(prefix));
      }
    }
  };
  return of(root);
}
