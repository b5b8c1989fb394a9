/** What JSON values are made of in the end. */
export type Leaf = string | number | boolean | null;

/** A JSON value in two parts: its shape, which is the value with 0 for every leaf, and its leaves in order. Values alike have one shape. */
export interface Parts {
  shape: unknown;
  leaves: Leaf[];
}

/** Takes a value apart. What JSON leaves out is left out. */
export function apart(value: unknown): Parts {
  const leaves: Leaf[] = [];
  return { shape: shapeOf(value, leaves), leaves };
}

function shapeOf(value: unknown, leaves: Leaf[]): unknown {
  if (Array.isArray(value)) return value.map(item => shapeOf(item, leaves));
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(fields.map(([name, field]) => [name, shapeOf(field, leaves)]));
  }
  leaves.push(value as Leaf);
  return 0;
}

/** What puts leaves back into a shape. @throws Error when they are not as many as it has */
export function together(shape: unknown): (leaves: readonly Leaf[]) => unknown {
  const build = builderOf(shape);
  return leaves => {
    const cursor = { leaves, at: 0 };
    const value = build(cursor);
    if (cursor.at !== leaves.length) throw new Error(`${leaves.length} leaves for ${cursor.at} places`);
    return value;
  };
}

interface Cursor {
  leaves: readonly Leaf[];
  at: number;
}

/** Looks at a shape once: a file has few, and many values of each. */
function builderOf(shape: unknown): (cursor: Cursor) => unknown {
  if (Array.isArray(shape)) {
    const items = shape.map(builderOf);
    return cursor => items.map(item => item(cursor));
  }
  if (typeof shape !== 'object' || shape === null) return cursor => cursor.leaves[cursor.at++];
  const fields = Object.entries(shape).map(([name, field]) => [name, builderOf(field)] as const);
  return cursor => {
    const value: Record<string, unknown> = {};
    for (const [name, build] of fields) value[name] = build(cursor);
    return value;
  };
}
