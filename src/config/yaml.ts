import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { InputError, messageOf } from '../shared/errors.ts';
import { assignmentOf } from './assignment.ts';
import { readUserFile } from './user-file.ts';
import { checkYamlLimits } from './yaml-limits.ts';

/** A parsed YAML file that still knows on which line each value stands. */
export interface YamlSource {
  value: Record<string, unknown>;
  /** `file:line` of the value at a path, or of the nearest parent that is there; `--set` for values set on the command line. */
  where(path: readonly PropertyKey[]): string;
}

const MAX_BYTES = 1 << 20;

/** Reads an experiment's YAML. Throws `InputError` with the line of the first syntax error. */
export async function readYaml(file: string, sets: readonly string[], size?: string): Promise<YamlSource> {
  return parseYaml(await readUserFile(file, MAX_BYTES), file, sets, size);
}

/**
 * As `readYaml`, from text. `sets` are `path=value` assignments that win over the file; `size` names one of the file's `sizes`, its first
 * one when left out.
 */
export function parseYaml(text: string, file: string, sets: readonly string[], size?: string): YamlSource {
  checkYamlLimits(text, file);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: 'error',
  });
  const [problem] = document.errors;
  if (problem) {
    const { line } = lines.linePos(problem.pos[0]);
    const [what] = problem.message.split('\n');
    throw new InputError(`${file}:${line}: ${what}`, 'Mend the YAML on that line.');
  }
  if (!isMap(document.contents)) {
    const what = document.contents === null ? 'is empty' : 'is not a mapping of keys to values';
    throw new InputError(`${file}: the experiment ${what}`, 'Start from experiments/quickstart.yaml.');
  }
  applySize(document, file, size);
  const assigned = sets.map(assignment => assign(document, assignment));
  return {
    value: toValue(document, file) as Record<string, unknown>,
    where(path) {
      // A set inside the path counts too: what is wrong with `task` may be the `task.k` that was set.
      const set = assigned.find(keys => keys.every((key, i) => i >= path.length || key === String(path[i])));
      return set ? `--set ${set.join('.')}` : `${file}:${lineOf(document, lines, path)}`;
    },
  };
}

/**
 * Puts the values of one of the document's `sizes` (`sizes: { ci: { train.steps: 500, … }, … }`) in place of the file's own, and takes
 * `sizes` away. The values keep their lines, so that complaints name them.
 */
function applySize(document: Document, file: string, size: string | undefined): void {
  const sizes = document.get('sizes', true);
  const names = isMap(sizes) ? sizes.items.map(({ key }) => String(key)) : [];
  if (size !== undefined && !names.includes(size)) {
    const known = names.length === 0 ? 'it has no sizes' : `it has ${names.join(', ')}`;
    throw new InputError(
      `--size ${size}: ${file} has no such size, ${known}`,
      'Leave --size out, or name one of them.',
    );
  }
  // Anything but sizes with paths in them is left for the schema to complain of.
  const chosen = isMap(sizes) ? sizes.get(size ?? names[0], true) : undefined;
  if (!isMap(chosen)) return;
  for (const { key, value } of chosen.items) put(document, String(key), value, `${file}: sizes: ${key}`);
  document.delete('sizes');
}

/**
 * Puts a value at a dotted path, making the mappings on the way. Returns the path.
 * @throws InputError, naming `what` was asked for, where the path leads through a scalar or a list.
 */
function put(document: Document, dotted: string, value: unknown, what: string): string[] {
  const path = dotted.split('.');
  for (let depth = 1; depth < path.length; depth++) {
    const parent = document.getIn(path.slice(0, depth), true);
    if (parent !== undefined && parent !== null && !isMap(parent))
      throw new InputError(`${what}: ${path.slice(0, depth).join('.')} is a value, it has no keys`);
  }
  document.setIn(path, value);
  return path;
}

/** A document's content. Throws `InputError` for aliases without an anchor, to themselves, or in excess. */
function toValue(document: Document, where: string): unknown {
  try {
    const value: unknown = document.toJS();
    JSON.stringify(value);
    return value;
  } catch (error) {
    const [what] = messageOf(error).split('\n');
    throw new InputError(`${where}: YAML alias: ${what}`, 'Write the value out.', { cause: error });
  }
}

/** Applies `a.b.c=value`, the value read as YAML. Returns the path. */
function assign(document: Document, assignment: string): string[] {
  const { path, value } = assignmentOf(assignment);
  checkYamlLimits(value, `--set ${path}`);
  const parsed = parseDocument(value, { prettyErrors: false, logLevel: 'error' });
  const [problem] = parsed.errors;
  if (problem) throw new InputError(`--set ${path}: ${problem.message.split('\n')[0]}`, 'Quote the value.');
  const content = parsed.contents === null ? null : toValue(parsed, `--set ${path}`);
  return put(document, path, content, `--set ${assignment}`);
}

function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: Node | null = document.contents;
  let line = 1;
  for (const key of path) {
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find(item => isScalar(item.key) && String(item.key.value) === String(key));
      if (isScalar(pair?.key) && pair.key.range) line = lines.linePos(pair.key.range[0]).line;
      next = pair?.value;
    } else if (isSeq(node)) {
      next = node.items[Number(key)];
    }
    if (!next || typeof next !== 'object' || !('range' in next)) break;
    node = next as Node;
    if (node.range) line = Math.max(line, lines.linePos(node.range[0]).line);
  }
  return line;
}
