import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { KINDS, TASKS } from '../tasks/registry.ts';

/** One thing wrong with an experiment. */
export interface Problem {
  path: PropertyKey[];
  message: string;
}

type Issue = z.core.$ZodIssue;

/** Keys that the schema knows under a path, for suggestions. `schema` is a JSON Schema. */
function knownKeys(schema: object, path: readonly PropertyKey[]): string[] {
  let nodes: Record<string, unknown>[] = [schema as Record<string, unknown>];
  const options = (node: Record<string, unknown>) => [
    node,
    ...(((node.anyOf ?? node.oneOf) as typeof nodes) ?? []),
  ];
  for (const key of path) {
    nodes = nodes.flatMap(options).flatMap(node => {
      const child = (node.properties as Record<string, Record<string, unknown>> | undefined)?.[String(key)];
      return child ? [child] : [];
    });
  }
  return [...new Set(nodes.flatMap(options).flatMap(node => Object.keys((node.properties as object) ?? {})))];
}

/** Paths of all keys that a file can have, for suggestions. `schema` is a JSON Schema. */
function allPaths(schema: object, path: readonly string[] = []): string[][] {
  const {
    properties = {},
    anyOf,
    oneOf,
  } = schema as {
    properties?: Record<string, object>;
    anyOf?: object[];
    oneOf?: object[];
  };
  const own = Object.entries(properties).flatMap(([key, child]) => [
    [...path, key],
    ...allPaths(child, [...path, key]),
  ]);
  return [...own, ...(anyOf ?? oneOf ?? []).flatMap(form => allPaths(form, path))];
}

/** Names that other programs and papers have for keys. */
const OTHER_NAMES: Record<string, string> = {
  lr: 'train.learningRate',
  batchSize: 'train.batch',
  N: 'train.length',
  T: 'test.length',
};

/** What a key that is not known at a path may have been meant for: full paths, the likeliest alone. */
function meantBy(
  key: string,
  path: readonly PropertyKey[],
  known: readonly string[],
  schema: object,
): string[] {
  const here = (name: string) => [...path, name].join('.');
  const same = (name: string) => plain(name) === plain(key);
  const elsewhere = [
    ...new Set(
      allPaths(schema)
        .map(each => each.join('.'))
        .filter(each => same(each.split('.').at(-1)!) && each !== here(each.split('.').at(-1)!)),
    ),
  ];
  const sibling = nearest(key, known);
  if (sibling !== undefined && (same(sibling) || elsewhere.length === 0)) return [here(sibling)];
  if (elsewhere.length > 0) return elsewhere;
  const other = Object.keys(OTHER_NAMES).find(same);
  return other === undefined ? [] : [OTHER_NAMES[other]!];
}

/** A name without what people spell in more than one way. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[-_ ]/g, '')
    .replace(/(?<=.)task$/, '');
}

/** The known name nearest to a misspelt one, if one is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map(candidate => ({ candidate, d: distance(plain(name), plain(candidate)) }))
    .sort((a, b) => a.d - b.d);
  return best && best.d <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

/** What a zod issue means to the person who wrote the file. */
export function explain(issue: Issue, input: unknown, jsonSchema: object): Problem[] {
  const path = issue.path;
  const value = path.reduce<unknown>(
    (node, key) => (node as Record<PropertyKey, unknown> | undefined)?.[key],
    input,
  );
  switch (issue.code) {
    case 'unrecognized_keys': {
      const kind = path[0] === 'task' ? (value as { kind?: unknown }).kind : undefined;
      const task = TASKS.find(t => t.kind === kind);
      const known = task ? ['kind', ...Object.keys(task.knobs.shape)] : knownKeys(jsonSchema, path);
      return issue.keys.map(key => {
        if (known.includes(key)) return { path: [...path, key], message: elsewhere(value) };
        const meant = meantBy(key, path, known, jsonSchema);
        const hint =
          meant.length > 0 ? `did you mean ${meant.join(' or ')}?` : `known here: ${known.join(', ')}`;
        return { path: [...path, key], message: `unknown key, ${hint}` };
      });
    }
    case 'invalid_union': {
      if (issue.discriminator === 'kind') {
        const guess = typeof value === 'string' ? nearest(value, KINDS) : undefined;
        const hint = guess ? `did you mean ${guess}?` : `choose one of ${KINDS.join(', ')}`;
        return [
          { path, message: value === undefined ? `is missing: ${hint}` : `unknown task "${value}", ${hint}` },
        ];
      }
      if (issue.discriminator === 'rule') {
        const hint =
          nearest(String(value), ['softmax']) ??
          'softmax (the limit rules are named by model.attention.precision)';
        return [{ path, message: `unknown rule ${show(value)}, did you mean ${hint}?` }];
      }
      return explainUnion(issue, input, jsonSchema, value);
    }
    case 'invalid_type':
      return [
        {
          path,
          message:
            value === undefined
              ? `is missing (expected ${issue.expected})`
              : `expected ${issue.expected}, got ${show(value)}`,
        },
      ];
    case 'invalid_value':
      return [
        {
          path,
          message: `got ${show(value)}, expected ${expected(value, issue.values)}`,
        },
      ];
    case 'too_small':
      return [
        {
          path,
          message:
            typeof value === 'number'
              ? `${value} is too small: must be ${issue.inclusive ? 'at least' : 'above'} ${issue.minimum}`
              : issue.message,
        },
      ];
    case 'too_big':
      return [
        {
          path,
          message:
            typeof value === 'number'
              ? `${value} is too large: must be ${issue.inclusive ? 'at most' : 'below'} ${issue.maximum}`
              : issue.message,
        },
      ];
    default:
      return [{ path, message: `${show(value)}: ${issue.message}` }];
  }
}

/** Why a key has no place here that another form of the same mapping knows: the limit rules and softmax under `model.attention`. */
function elsewhere(value: unknown): string {
  const { rule } = value as { rule?: unknown };
  return rule === undefined ? 'only rule: softmax has it' : `rule: ${rule} has none`;
}

/** The values that there are, and the one that was meant. */
function expected(value: unknown, values: readonly unknown[]): string {
  const known = values.map(v => JSON.stringify(v)).join(' or ');
  const guess = typeof value === 'string' ? nearest(value, values.map(String)) : undefined;
  return guess === undefined ? known : `${known}: did you mean ${guess}?`;
}

/** What zod says of a union that says nothing itself. */
const UNION_MESSAGE = 'Invalid input';

/**
 * A field of several forms (scalar or list, name or count): the complaint of the form that the value was meant
 * for.
 */
function explainUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  input: unknown,
  jsonSchema: object,
  value: unknown,
): Problem[] {
  const branches = issue.errors;
  const fits = branches.find(([inner]) => inner?.code !== 'invalid_type' && inner?.code !== 'invalid_value');
  const inner = (Array.isArray(value) ? branches.at(-1) : (fits ?? branches[0]))?.[0];
  if (!inner) return [{ path: issue.path, message: issue.message }];
  if (!fits && !Array.isArray(value) && issue.message !== UNION_MESSAGE)
    return [{ path: issue.path, message: `got ${show(value)}, expected ${issue.message}` }];
  return explain({ ...inner, path: [...issue.path, ...inner.path] } as Issue, input, jsonSchema);
}

function show(value: unknown): string {
  if (typeof value === 'number' || value === undefined) return String(value);
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
