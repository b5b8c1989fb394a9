import jsep from 'jsep';
import { InputError, messageOf } from '../../shared/errors.ts';
import { nearest } from '../../shared/nearest.ts';

/** What a name stands for: a number of the task's, the length of the prefix, or how many tokens there are. */
export type Word = 'length' | 'vocabulary';

/** A number that is the same for every sequence: written out, or a knob. */
export type Constant = { kind: 'number'; value: number } | { kind: 'knob'; name: string };

/** An expression that is checked. Every value is a number; what is true is 1, what is false 0. */
export type Node =
  | Constant
  | { kind: 'word'; word: Word }
  /** How often a token stands at positions t ≡ residue (mod modulus), t from 1; at all of them where no modulus is given. */
  | { kind: 'count'; token: Constant; residue: Constant; modulus: Constant }
  /** The `back`-th token from the end, from 1; −1 where the prefix is shorter. */
  | { kind: 'last'; back: Constant }
  | { kind: 'call'; name: FunctionName; args: Node[] }
  | { kind: 'unary'; operator: '-' | '!'; of: Node }
  | { kind: 'binary'; operator: BinaryOperator; left: Node; right: Node }
  | { kind: 'choice'; test: Node; yes: Node; no: Node };

/** Functions of numbers with how many they take. */
export const FUNCTIONS = {
  ...{ sin: 1, cos: 1, exp: 1, log: 1, sqrt: 1, abs: 1, floor: 1 },
  ...{ min: 2, max: 2, mod: 2 },
};
export type FunctionName = keyof typeof FUNCTIONS;

export const BINARY_OPERATORS = ['+', '-', '*', '/', '<', '<=', '>', '>=', '==', '!=', '&&', '||'] as const;
export type BinaryOperator = (typeof BINARY_OPERATORS)[number];

const WORDS: readonly Word[] = ['length', 'vocabulary'];
/** Names that no knob can have. */
export const RESERVED: readonly string[] = [
  ...WORDS,
  ...Object.keys(FUNCTIONS),
  'count',
  'last',
  'kind',
  'target',
];

const ONE: Constant = { kind: 'number', value: 1 };
const ZERO: Constant = { kind: 'number', value: 0 };

/**
 * Parses an expression and checks its names, the number of arguments, and what it is made of.
 * @param knobs names that numbers of the task have
 * @throws InputError that says what is wrong
 */
export function parseExpression(text: string, knobs: readonly string[]): Node {
  let tree: jsep.Expression;
  try {
    tree = jsep(text);
  } catch (error) {
    throw new InputError(`"${text}" is no expression: ${messageOf(error)}`);
  }
  return check(tree, text, knobs);
}

function check(tree: jsep.Expression, text: string, knobs: readonly string[]): Node {
  const wrong = (what: string) => new InputError(`${what}, in "${text}"`);
  const unknown = (name: string, what: string, known: readonly string[]) => {
    const guess = nearest(name, known);
    return wrong(
      `${name} is no ${what}: ${guess ? `did you mean ${guess}?` : `there are ${known.join(', ')}`}`,
    );
  };
  const constant = (tree: jsep.Expression, of: string): Constant => {
    const node = walk(tree);
    if (node.kind === 'number' || node.kind === 'knob') return node;
    throw wrong(`the arguments of ${of} are whole numbers or knobs`);
  };
  const call = ({ callee, arguments: args }: jsep.CallExpression): Node => {
    if (callee.type !== 'Identifier') throw wrong(MADE_OF);
    const { name } = callee as jsep.Identifier;
    if (name === 'count') {
      if (args.length !== 1 && args.length !== 3)
        throw wrong(`count takes a token, or a token, a residue and a modulus, not ${args.length} arguments`);
      const [token, residue, modulus] = args.map(each => constant(each, name));
      return { kind: 'count', token: token!, residue: residue ?? ZERO, modulus: modulus ?? ONE };
    }
    if (name === 'last') {
      if (args.length !== 1) throw wrong(`last takes one argument, not ${args.length}`);
      return { kind: 'last', back: constant(args[0]!, name) };
    }
    if (!Object.hasOwn(FUNCTIONS, name))
      throw unknown(name, 'function', [...Object.keys(FUNCTIONS), 'count', 'last']);
    const takes = FUNCTIONS[name as FunctionName];
    if (args.length !== takes)
      throw wrong(`${name} takes ${takes === 1 ? 'one argument' : 'two arguments'}, not ${args.length}`);
    return { kind: 'call', name: name as FunctionName, args: args.map(walk) };
  };
  const walk = (tree: jsep.Expression): Node => {
    switch (tree.type) {
      case 'Literal': {
        const { value } = tree as jsep.Literal;
        if (typeof value !== 'number') throw wrong(`${JSON.stringify(value)} is no number`);
        return { kind: 'number', value };
      }
      case 'Identifier': {
        const { name } = tree as jsep.Identifier;
        if (WORDS.includes(name as Word)) return { kind: 'word', word: name as Word };
        if (knobs.includes(name)) return { kind: 'knob', name };
        throw unknown(name, 'knob of this task', [...knobs, ...WORDS]);
      }
      case 'UnaryExpression': {
        const { operator, argument } = tree as jsep.UnaryExpression;
        if (operator === '+') return walk(argument);
        if (operator === '-' || operator === '!') return { kind: 'unary', operator, of: walk(argument) };
        throw wrong(`there is no operator ${operator}`);
      }
      case 'BinaryExpression': {
        const { operator, left, right } = tree as jsep.BinaryExpression;
        const known = BINARY_OPERATORS.find(each => each === operator);
        if (!known) throw wrong(`there is no operator ${operator}${INSTEAD[operator] ?? ''}`);
        return { kind: 'binary', operator: known, left: walk(left), right: walk(right) };
      }
      case 'ConditionalExpression': {
        const { test, consequent, alternate } = tree as jsep.ConditionalExpression;
        return { kind: 'choice', test: walk(test), yes: walk(consequent), no: walk(alternate) };
      }
      case 'CallExpression':
        return call(tree as jsep.CallExpression);
      default:
        throw wrong(MADE_OF);
    }
  };
  return walk(tree);
}

const MADE_OF = 'an expression is made of numbers, names, operators, functions and conditions alone';

/** What to write in place of operators of other languages. */
const INSTEAD: Record<string, string> = {
  '%': ': write mod(a, b)',
  '===': ': write ==',
  '!==': ': write !=',
  '**': ': write a * a',
};

/** The nodes of a kind in some expressions, equal ones once. */
export function nodesOf<K extends Node['kind']>(
  roots: readonly Node[],
  kind: K,
): Extract<Node, { kind: K }>[] {
  const found = new Map<string, Node>();
  const walk = (node: Node) => {
    if (node.kind === kind) found.set(JSON.stringify(node), node);
    childrenOf(node).forEach(walk);
  };
  roots.forEach(walk);
  return [...found.values()] as Extract<Node, { kind: K }>[];
}

function childrenOf(node: Node): Node[] {
  switch (node.kind) {
    case 'count':
      return [node.token, node.residue, node.modulus];
    case 'last':
      return [node.back];
    case 'call':
      return node.args;
    case 'unary':
      return [node.of];
    case 'binary':
      return [node.left, node.right];
    case 'choice':
      return [node.test, node.yes, node.no];
    default:
      return [];
  }
}
