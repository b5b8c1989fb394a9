import { experimentJsonSchema } from '../../src/config/schema.ts';
import { KINDS } from '../../src/tasks/registry.ts';

/** A node of the JSON Schema, as far as the tables go. */
interface Node {
  type?: string;
  description?: string;
  unit?: string;
  standard?: string;
  default?: unknown;
  properties?: Record<string, Node>;
  required?: string[];
  anyOf?: Node[];
  oneOf?: Node[];
  prefixItems?: Node[];
  items?: Node;
  enum?: unknown[];
  const?: unknown;
  not?: object;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** Where numbers of the schema stop meaning a limit. */
const ANY = Number.MAX_SAFE_INTEGER;

/** The table of all keys of an experiment file but the task's: key, type, default, meaning, unit. */
export function keyTable(): string {
  const { properties } = experimentJsonSchema() as Node;
  return table(
    ['key', 'type', 'default', 'meaning', 'unit'],
    Object.entries(properties!).flatMap(([key, node]) => rows(key, node, isRequired(key))),
  );
}

/** The tasks that are built in, with their keys. */
export function taskTable(): string {
  const { task } = (experimentJsonSchema() as Node).properties!;
  const rowsOf = ({ properties }: Node) =>
    Object.entries(properties!).map(([key, node]) =>
      key === 'kind'
        ? [`\`kind: ${node.const}\``, '', node.description!]
        : [`\`${key}\``, typeOf(node), node.description!],
    );
  return table(['key', 'type', 'meaning'], (task!.oneOf ?? task!.anyOf)!.flatMap(rowsOf));
}

const isRequired = (key: string) => (experimentJsonSchema() as Node).required!.includes(key);

function rows(path: string, node: Node, required: boolean): string[][] {
  if (path === 'task')
    return [
      [
        `\`${path}\``,
        KINDS.map(kind => `\`{ kind: ${kind}, … }\``).join(', '),
        'required',
        node.description!,
        '',
      ],
    ];
  const forms = node.properties
    ? [node]
    : (node.anyOf ?? node.oneOf ?? []).filter(({ properties }) => properties);
  if (forms.length === 0)
    return [
      [`\`${path}\``, typeOf(node), standardOf(node, required), node.description ?? '', node.unit ?? ''],
    ];
  const seen = new Set<string>();
  return forms.flatMap(({ properties, required: needed = [] }) =>
    Object.entries(properties!).flatMap(([key, child]) => {
      if (child.not || seen.has(key)) return [];
      seen.add(key);
      // The key that names a form is only there with it.
      return rows(`${path}.${key}`, child, needed.includes(key) && child.const === undefined);
    }),
  );
}

function standardOf(node: Node, required: boolean): string {
  if (node.standard) return node.standard;
  if (node.default !== undefined) return `\`${JSON.stringify(node.default)}\``.replaceAll('"', '');
  return required ? 'required' : 'none';
}

/** A type in words, with its limits; *axis* where a list makes a grid. */
function typeOf(node: Node): string {
  const forms = node.anyOf ?? node.oneOf;
  if (!forms) return scalarOf(node);
  const lists = forms.filter(({ type, prefixItems }) => type === 'array' && !prefixItems);
  const scalars = forms.filter(form => !lists.includes(form)).map(typeOf);
  if (lists.length === 0) return scalars.join(' or ');
  const isAxis = !node.description?.includes('no axis');
  return `${scalars.join(' or ')}${isAxis ? '; axis' : ', or a list'}`;
}

function scalarOf(node: Node): string {
  if (node.const !== undefined) return `\`${node.const}\``;
  if (node.enum) return node.enum.map(value => `\`${value}\``).join(', ');
  if (node.prefixItems) return `[${node.prefixItems.map(() => 'number').join(', ')}]`;
  if (node.type === 'null') return '`null`';
  if (node.type === 'boolean') return '`true`, `false`';
  if (node.type === 'object') return 'mapping';
  if (node.type === 'string') return 'text';
  return `${node.type === 'integer' ? 'whole number' : 'number'}${limitsOf(node)}`;
}

function limitsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Node): string {
  const limit = (word: string, value: number | undefined) =>
    value === undefined || Math.abs(value) >= ANY ? [] : [`${word} ${value}`];
  const limits = [
    ...limit('from', minimum),
    ...limit('above', exclusiveMinimum),
    ...limit('to', maximum),
    ...limit('below', exclusiveMaximum),
  ];
  return limits.length === 0 ? '' : ` ${limits.join(' ')}`;
}

function table(head: string[], lines: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...lines.map(line)].join('\n');
}
