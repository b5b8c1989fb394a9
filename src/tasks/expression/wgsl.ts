import { type BinaryOperator, type Constant, type Node, nodesOf } from './language.ts';

/** What WGSL lacks, or leaves too inexact: quotients of whole numbers that are whole are exact, and so is `mod` of whole numbers. */
const HELPERS = /* wgsl */ `
fn truth(value: bool) -> f32 { return select(0.0, 1.0, value); }

fn quotient(a: f32, b: f32) -> f32 {
  let q = a / b;
  let whole = round(q);
  return select(q, whole, whole * b == a);
}

fn modulo(a: f32, b: f32) -> f32 {
  let rest = a - b * floor(quotient(a, b));
  return select(rest, 0.0, rest == b);
}`;

/**
 * `task_targets` of expressions, an output each (`tasks/task.ts`).
 * @param knobs names of the numbers in `knobs: vec4<f32>`, in order
 */
export function wgslOf(roots: readonly Node[], knobs: readonly string[]): string {
  const counted = nodesOf(roots, 'count');
  const places = new Map(counted.map((node, i) => [JSON.stringify(node), i]));
  const real = (constant: Constant) =>
    constant.kind === 'number' ? literal(constant.value) : `knobs.${'xyzw'[knobs.indexOf(constant.name)]}`;
  const whole = (constant: Constant) => `u32(${real(constant)})`;
  const text = (node: Node): string => {
    switch (node.kind) {
      case 'number':
      case 'knob':
        return real(node);
      case 'word':
        return node.word === 'length' ? 'f32(length)' : 'f32(S)';
      case 'count':
        return `f32(counts[${places.get(JSON.stringify(node))}])`;
      case 'last':
        return `last_token(sequence, length, ${whole(node.back)})`;
      case 'call':
        return `${CALLS[node.name] ?? node.name}(${node.args.map(text).join(', ')})`;
      case 'unary':
        return node.operator === '-' ? `(-${text(node.of)})` : `truth(${text(node.of)} == 0.0)`;
      case 'binary':
        return binary(node.operator, text(node.left), text(node.right));
      case 'choice':
        return `select(${text(node.no)}, ${text(node.yes)}, ${text(node.test)} != 0.0)`;
    }
  };
  const counts = `array<u32, ${Math.max(1, counted.length)}>`;
  const counting = counted.map(({ token, residue, modulus }, i) => {
    const here = isOne(modulus) ? '' : ` && t % ${whole(modulus)} == ${whole(residue)}`;
    return `    if (token == ${whole(token)}${here}) { counts[${i}] += 1u; }`;
  });
  const outputs = roots.map((root, o) => `  set_target(${o}u, ${text(root)});`);
  return `${HELPERS}

fn last_token(sequence: u32, length: u32, back: u32) -> f32 {
  if (length < back) { return -1.0; }
  return f32(token_at(sequence, length + 1u - back));
}

fn set_targets(sequence: u32, length: u32, counts: ${counts}, knobs: vec4<f32>) {
${outputs.join('\n')}
}

fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  var counts: ${counts};
  for (var t = 1u; t <= length; t++) {
    let token = token_at(sequence, t);
${counting.join('\n')}
    #if MANY_READS
      if (wanted(t)) { set_targets(sequence, t, counts, knobs); }
    #end
  }
  #if !MANY_READS
    if (wanted(length)) { set_targets(sequence, length, counts, knobs); }
  #end
}`;
}

const CALLS: Partial<Record<string, string>> = { sin: 'precise_sin', cos: 'precise_cos', mod: 'modulo' };

function binary(operator: BinaryOperator, left: string, right: string): string {
  switch (operator) {
    case '+':
    case '-':
    case '*':
      return `(${left} ${operator} ${right})`;
    case '/':
      return `quotient(${left}, ${right})`;
    case '&&':
    case '||':
      return `truth(${left} != 0.0 ${operator} ${right} != 0.0)`;
    default:
      return `truth(${left} ${operator} ${right})`;
  }
}

const isOne = (constant: Constant) => constant.kind === 'number' && constant.value === 1;

/** A number of float32 as WGSL writes it. */
const literal = (value: number) => `${value}f`;
