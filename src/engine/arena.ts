import { layoutOf } from '../model/layout.ts';
import type { Path } from '../model/paths.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import { type ClassTables, classTables, logitGradients } from './layers/class-tables.ts';
import { type DenseTables, denseTables, type Table, tableOf } from './layers/dense-tables.ts';
import { type QueryTables, queryTables } from './layers/query-tables.ts';
import { rowWidths } from './row-widths.ts';
import { contiguous, type View } from './view.ts';

/** What the layers keep in a replica's block besides parameters, by the path that each takes. */
export interface Tables {
  /** Of a first layer by class. */
  class?: ClassTables;
  /** What a last layer of one query keeps of each sequence of a batch. */
  query?: QueryTables;
  /** [Z, D]: a class layer's state rows to the residual stream, where a dense layer follows. */
  state?: Table;
  /** Of every dense layer, by its number. */
  dense: Map<number, DenseTables>;
  /** [D, O] behind a dense layer. */
  readout?: Table;
}

/**
 * Where everything of a replica lies in its block of the arena: parameters first (as in `model/layout.ts`), their gradients,
 * Adam's two moments, then the layers' tables, and their gradients in the same order.
 */
export interface Arena {
  paths: Path[];
  /** Floats of a replica's block. */
  stride: number;
  parameterFloats: number;
  gradients: number;
  moment1: number;
  moment2: number;
  /** Parameters by tensor name. */
  parameter: (name: string) => View;
  tables: Tables;
  /** Where the gradient of a parameter or table lies. */
  gradientOf: (view: View) => View;
  /** Sequences of a replica that the arena has room for; only `query` needs any. */
  sequences: number;
  /** Offsets that shaders know by name. */
  places: Record<string, number>;
}

/** Hands out consecutive stretches of a block, each at a multiple of 16 floats. */
class Allocator {
  end: number;

  constructor(start: number) {
    this.end = Math.ceil(start / 16) * 16;
  }

  /** A row-major view of fresh floats. */
  take(sizes: number[]): View {
    const view = contiguous(this.end, sizes);
    this.end += Math.ceil(sizes.reduce((a, b) => a * b, 1) / 16) * 16;
    return view;
  }
}

function tablesOf(
  model: ModelConfig,
  paths: Path[],
  sequences: number,
  take: (sizes: number[]) => View,
): Tables {
  const widths = rowWidths(model);
  const dense = new Map<number, DenseTables>();
  paths.forEach((path, l) => {
    if (path === 'dense') dense.set(l, denseTables(model, widths, take));
  });
  return {
    ...(paths[0] === 'class' ? { class: classTables(model, widths, take) } : {}),
    ...(paths.at(-1) === 'query' ? { query: queryTables(model, widths, sequences, take) } : {}),
    ...(paths[0] === 'class' && paths[1] === 'dense'
      ? { state: tableOf(take, widths.state, model.width, widths.pad) }
      : {}),
    dense,
    ...(paths.at(-1) === 'dense' ? { readout: tableOf(take, model.width, model.outputs, widths.pad) } : {}),
  };
}

/** Lays out the arena of a model, for batches of `sequences` sequences a replica where a path keeps something of each. */
export function arenaOf(model: ModelConfig, paths: Path[], sequences = 0): Arena {
  const layout = layoutOf(model);
  const P = layout.stride;
  const kept = paths.at(-1) === 'query' ? sequences : 0;
  const allocator = new Allocator(4 * P);
  const begin = allocator.end;
  const tables = tablesOf(model, paths, kept, sizes => allocator.take(sizes));
  const shift = allocator.end - begin;
  const stride = allocator.end + shift;
  const parameter = (name: string) => {
    const slot = layout.slots.find(s => s.name === name);
    if (!slot) throw new Error(`no tensor ${name}`);
    return contiguous(slot.offset, slot.shape);
  };
  const moved = ({ offset, sizes, strides }: View): View => ({
    offset: offset + (offset < P ? P : shift),
    sizes,
    strides,
  });
  // Some gradients have a form of their own: logits by the row that a query class sums, an activation's in place of its output's.
  const own = new Map<View, View>();
  if (tables.class) own.set(tables.class.logits, logitGradients(model, moved(tables.class.logitRows)));
  if (tables.query) own.set(tables.query.pre, moved(tables.query.hidden));
  const gradientOf = (view: View) => own.get(view) ?? moved(view);
  const at = (view: View | undefined) => view?.offset ?? 0;
  const has = (name: string) => layout.slots.some(slot => slot.name === name);
  const { class: byClass, query } = tables;
  return {
    paths,
    stride,
    parameterFloats: P,
    gradients: P,
    moment1: 2 * P,
    moment2: 3 * P,
    parameter,
    tables,
    gradientOf,
    sequences: kept,
    places: {
      AT_EMBED: at(parameter('embed')),
      AT_POSITION: has('position') ? at(parameter('position')) : 0,
      AT_PHI: has('layer.0.phi') ? at(parameter('layer.0.phi')) : 0,
      AT_LOGITS: at(byClass?.logits),
      AT_FEATURES: at(byClass?.features),
      AT_READOUT: at(byClass?.readout),
      AT_PHI2: query ? at(parameter('layer.1.phi')) : 0,
      AT_ZQUERY: at(query?.zQuery.whole),
      AT_ZMEAN: at(query?.zMean.whole),
      AT_GRAD_ZMEAN: query ? at(gradientOf(query.zMean.whole)) : 0,
      AT_GRAD_ZLAST: query ? at(gradientOf(query.last.whole)) : 0,
      AT_DOT_MEAN: query ? at(gradientOf(query.dotMean)) : 0,
    },
  };
}
