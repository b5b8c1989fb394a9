/*
 * WGSL has no loop that is sure to be unrolled, and software adapters are slow wherever a register is indexed by a loop
 * counter: private arrays in such loops took 3 to 27 s to compile (docs/kernels.md). Nor can a function be handed registers. So
 * shaders may say
 *
 *     #for r ROWS          its lines once for each r = 0 … ROWS − 1, `$r` replaced by the number; counters are one letter
 *     #if KEYED            its lines if the constant is true (`#if !KEYED`: false), else those after `#else`
 *     #part load(name)     names its lines, which then stand nowhere else; at the top of any of the sources
 *     #call load(query$r)  the lines of a part, `$name` replaced by the argument; they see the counters around the call, and may
 *                          call `$name` if it is a part
 *     #end                 closes the first three
 *
 * Counts are u32 constants of the shader or numbers. Blocks nest.
 */

/** A piece of WGSL with the name that error messages give it. */
export interface Template {
  name: string;
  text: string;
}

/** The shader in full, and for each of its lines `file:line` of where it was written. */
export interface Expanded {
  code: string;
  places: string[];
}

type Constants = Readonly<Record<string, string>>;
type Fill = (text: string) => string;

type Node =
  | { kind: 'line'; text: string; place: string }
  | { kind: 'for'; counter: string; count: string; body: Node[]; place: string }
  | { kind: 'if'; condition: string; body: Node[]; otherwise: Node[]; place: string }
  | { kind: 'call'; name: string; arguments: string; place: string };

interface Part {
  parameters: string[];
  body: Node[];
}

/**
 * Writes out the directives of all sources, one behind the other.
 * @throws Error with file and line when a block does not close, or names what there is not.
 */
export function expand(sources: readonly Template[], constants: Constants): Expanded {
  const parts = new Map<string, Part>();
  const trees = sources.map(source => parse(source, parts));
  const lines: { text: string; place: string }[] = [];

  /** `put` fills in the arguments of the part around, `count` the counters. */
  function write(nodes: Node[], put: Fill, count: Fill, depth: number): void {
    for (const node of nodes) {
      if (node.kind === 'line') lines.push({ text: count(put(node.text)), place: node.place });
      else if (node.kind === 'for') {
        const times = numberOf(count(put(node.count)), node.place);
        for (let i = 0; i < times; i++)
          write(node.body, put, text => count(text.replaceAll(`$${node.counter}`, `${i}`)), depth);
      } else if (node.kind === 'if') write(isTrue(node) ? node.body : node.otherwise, put, count, depth);
      else {
        const name = put(node.name);
        const part = parts.get(name);
        if (!part) throw new Error(`${node.place}: no part ${name}`);
        if (depth > 20) throw new Error(`${node.place}: part ${name} calls itself`);
        const given = argumentsOf(count(put(node.arguments)));
        if (given.length !== part.parameters.length)
          throw new Error(`${node.place}: ${name} takes ${part.parameters.length} arguments`);
        write(part.body, filling(part.parameters, given), count, depth + 1);
      }
    }
  }

  function numberOf(count: string, place: string): number {
    const value = Number.parseInt(constants[count] ?? count, 10);
    if (!Number.isInteger(value)) throw new Error(`${place}: ${count} is no constant of this shader`);
    return value;
  }

  function isTrue({ condition, place }: Extract<Node, { kind: 'if' }>): boolean {
    const value = constants[condition.replace('!', '')];
    if (value !== 'true' && value !== 'false')
      throw new Error(`${place}: ${condition} is no boolean constant of this shader`);
    return (value === 'true') !== condition.startsWith('!');
  }

  for (const tree of trees)
    write(
      tree,
      text => text,
      text => text,
      0,
    );
  return { code: lines.map(({ text }) => `${text}\n`).join(''), places: lines.map(({ place }) => place) };
}

/** What a source says outside its parts; these are added to `parts`. */
function parse({ name, text }: Template, parts: Map<string, Part>): Node[] {
  const top: Node[] = [];
  const open: { body: Node[]; place: string; block?: Extract<Node, { kind: 'if' }> }[] = [
    { body: top, place: name },
  ];
  text.split('\n').forEach((line, i) => {
    const place = `${name}:${i + 1}`;
    const { body } = open.at(-1)!;
    const [, directive, rest = ''] = /^\s*#(\w+)\s*(.*?)\s*(?:\/\/.*)?$/.exec(line) ?? [];
    const [, first = '', second = ''] = /^([\w!$]+)\s*(.*)$/.exec(rest) ?? [];
    switch (directive) {
      case undefined:
        body.push({ kind: 'line', text: line, place });
        return;
      case 'for': {
        if (!/^[a-z]$/.test(first)) throw new Error(`${place}: #for needs a counter of one letter`);
        const block = { kind: 'for' as const, counter: first, count: second, body: [], place };
        body.push(block);
        open.push({ body: block.body, place });
        return;
      }
      case 'if': {
        const block = { kind: 'if' as const, condition: first, body: [], otherwise: [], place };
        body.push(block);
        open.push({ body: block.body, place, block });
        return;
      }
      case 'else': {
        const { block } = open.at(-1)!;
        if (!block) throw new Error(`${place}: #else without #if`);
        open.splice(-1, 1, { body: block.otherwise, place: block.place });
        return;
      }
      case 'part': {
        if (open.length > 1) throw new Error(`${place}: #part inside a block`);
        if (parts.has(first)) throw new Error(`${place}: a second part ${first}`);
        const part = { parameters: argumentsOf(second), body: [] };
        parts.set(first, part);
        open.push({ body: part.body, place });
        return;
      }
      case 'call':
        body.push({ kind: 'call', name: first, arguments: second, place });
        return;
      case 'end':
        if (open.length === 1) throw new Error(`${place}: #end without a block`);
        open.pop();
        return;
      default:
        throw new Error(`${place}: #${directive} is no directive`);
    }
  });
  if (open.length > 1) throw new Error(`${open.at(-1)!.place}: a block without #end`);
  return top;
}

/** Puts arguments in the place of parameters, the longest name first. */
function filling(parameters: string[], given: string[]): Fill {
  const pairs = parameters.map((name, i) => [`$${name}`, given[i]!] as const);
  pairs.sort(([a], [b]) => b.length - a.length);
  return text => pairs.reduce((done, [name, argument]) => done.replaceAll(name, () => argument), text);
}

/** What stands between the outer brackets, split at the commas that stand in no inner ones. */
function argumentsOf(text: string): string[] {
  const inner = text.replace(/^\(/, '').replace(/\)$/, '');
  if (inner.trim() === '') return [];
  const out = [''];
  let depth = 0;
  for (const c of inner) {
    depth += c === '(' ? 1 : c === ')' ? -1 : 0;
    if (c === ',' && depth === 0) out.push('');
    else out[out.length - 1] += c;
  }
  return out.map(argument => argument.trim());
}
