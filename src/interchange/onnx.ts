import { encodingOf } from '../model/encodings/registry.ts';
import { ruleOf } from '../model/rules/registry.ts';
import { InputError } from '../shared/errors.ts';
import type { Model, ModelConfig } from '../shared/model-config.ts';
import { Graph } from './graph.ts';
import { encodeOnnx } from './onnx-proto.ts';

/** Operator set 17, of 2022: what every runtime of today has. */
const OPSET = 17;
/** Of the norm (docs/theory.md §10). */
const EPSILON = 1e-6;
/** The score of a key behind its query. */
const HIDDEN = -1e30;

/** The query positions of a batch, which every layer needs: all [T] or [T, T]. */
interface Places {
  /** log i. */
  logs: string;
  /** i, in float64. */
  positions: string;
  /** i − j of every query i and key j, and whether it is negative. */
  offsets: string;
  hidden: string;
}

/**
 * A model as ONNX: `tokens` int64 [batch, length] to `outputs` float32 [batch, length, O], f of every prefix by dense attention
 * (docs/theory.md §§1, 10). `__metadata__.lengthwise` of the model file travels as metadata `lengthwise`.
 * @throws InputError for an encoding whose bias ONNX is not told.
 */
export function onnxOf(model: Model, version: string): Uint8Array {
  const { config } = model;
  const graph = new Graph();
  const weights = new Weights(graph, model);
  const length = graph.op('Gather', [graph.op('Shape', ['tokens']), graph.scalar(1, 'int64')]);
  const places = placesOf(graph, length);
  let y = graph.op('Gather', [weights.plain('embed', [config.vocabulary, config.width]), 'tokens']);
  const encoding = encodingOf(config.attention);
  const rows = encoding.positionRows(config);
  if (rows > 0) {
    const table = weights.plain('position', [rows, config.width]);
    y = graph.op('Add', [y, graph.op('Gather', [table, positionRows(graph, config, length)])]);
  }
  for (let l = 0; l < config.layers; l++) y = layer(graph, weights, config, l, y, places);
  const last = weights.norm('final_norm', y);
  const outputs = graph.op('MatMul', [last, weights.transposed('unembed', config.outputs, config.width)]);
  const shape = ['batch', 'length'] as const;
  const finished = graph.finish(
    'lengthwise',
    [{ name: 'tokens', type: 'int64', dims: shape }],
    [{ name: 'outputs', from: outputs, type: 'float', dims: [...shape, config.outputs] }],
  );
  const metadata = { lengthwise: JSON.stringify(config) };
  return encodeOnnx(finished, { producerVersion: version, opset: OPSET, metadata });
}

/** A model's tensors as constants of a graph. */
class Weights {
  private readonly graph: Graph;
  private readonly model: Model;

  constructor(graph: Graph, model: Model) {
    this.graph = graph;
    this.model = model;
  }

  plain(name: string, dims: readonly number[]): string {
    return this.graph.constant(name, this.model.tensors[name]!, dims);
  }

  /** [blocks, rows, columns] as [blocks, columns, rows]; one block: as a matrix. */
  transposed(name: string, rows: number, columns: number, blocks = 1): string {
    const from = this.model.tensors[name]!;
    const to = new Float32Array(from.length);
    for (let b = 0; b < blocks; b++)
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++)
          to[(b * columns + c) * rows + r] = from[(b * rows + r) * columns + c]!;
    return this.graph.constant(name, to, blocks === 1 ? [columns, rows] : [blocks, columns, rows]);
  }

  /** g ⊙ y / √(mean y² + 10⁻⁶), or y where the model has no such gain. */
  norm(name: string, y: string): string {
    const { graph, model } = this;
    if (!model.tensors[name]) return y;
    const square = graph.op('Mul', [y, y]);
    const mean = graph.op('ReduceMean', [square], { axes: [-1], keepdims: 1 });
    const root = graph.op('Sqrt', [graph.op('Add', [mean, graph.scalar(EPSILON)])]);
    return graph.op('Mul', [graph.op('Div', [y, root]), this.plain(name, [model.config.width])]);
  }
}

function placesOf(graph: Graph, length: string): Places {
  const [zero, one] = [graph.scalar(0, 'int64'), graph.scalar(1, 'int64')];
  const index = graph.op('Range', [zero, length, one]);
  const positions = graph.op('Cast', [graph.op('Add', [index, one])], { to: 11 });
  const logs = graph.op('Cast', [graph.op('Log', [positions])], { to: 1 });
  const offsets = graph.op('Sub', [
    graph.op('Unsqueeze', [index, graph.list(1)]),
    graph.op('Unsqueeze', [index, graph.list(0)]),
  ]);
  return { logs, positions, offsets, hidden: graph.op('Less', [offsets, zero]) };
}

/**
 * Rows of the `position` tensor of every position: (i + shift) mod rows; beyond a table of positions there is none, and the runtime says
 * so.
 */
function positionRows(graph: Graph, config: ModelConfig, length: string): string {
  const encoding = encodingOf(config.attention);
  const index = graph.op('Range', [graph.scalar(0, 'int64'), length, graph.scalar(1, 'int64')]);
  if (Number.isFinite(encoding.longest(config))) return index;
  const shifted = graph.op('Add', [index, graph.scalar(1 + encoding.positionShift(config), 'int64')]);
  return graph.op('Mod', [shifted, graph.scalar(encoding.positionRows(config), 'int64')]);
}

function layer(
  graph: Graph,
  weights: Weights,
  config: ModelConfig,
  l: number,
  y: string,
  places: Places,
): string {
  const { heads, width, keyWidth, mlpWidth } = config;
  const name = (tensor: string) => `layer.${l}.${tensor}`;
  const u = weights.norm(name('attention_norm'), y);
  /** [batch, 1, T, d], against [heads, …]. */
  const rows = graph.op('Unsqueeze', [u, graph.list(1)]);
  const project = (tensor: string) => {
    const matrix = weights.transposed(name(tensor), keyWidth, width, heads);
    return turned(graph, config, graph.op('MatMul', [rows, matrix]), places);
  };
  const keys = graph.op('Transpose', [project('key')], { perm: [0, 1, 3, 2] });
  const content = graph.op('MatMul', [project('query'), keys]);
  const attention = rule(graph, weights, config, l, content, places);
  const values = weights.transposed(name('value'), width, width, heads);
  const moved = graph.op('MatMul', [graph.op('MatMul', [attention, rows]), values]);
  const Y = graph.op('Add', [y, graph.op('ReduceSum', [moved, graph.list(1)], { keepdims: 0 })]);
  if (mlpWidth === 0) return Y;
  const pre = graph.op('Add', [
    graph.op('MatMul', [
      weights.norm(name('mlp_norm'), Y),
      weights.transposed(name('mlp_in'), mlpWidth, width),
    ]),
    weights.plain(name('mlp_bias'), [mlpWidth]),
  ]);
  const hidden = config.activation === 'relu' ? graph.op('Relu', [pre]) : gelu(graph, pre);
  return graph.op('Add', [
    Y,
    graph.op('MatMul', [hidden, weights.transposed(name('mlp_out'), width, mlpWidth)]),
  ]);
}

/** ½ x (1 + erf(x/√2)). */
function gelu(graph: Graph, x: string): string {
  const erf = graph.op('Erf', [graph.op('Mul', [x, graph.scalar(Math.SQRT1_2)])]);
  const half = graph.op('Mul', [x, graph.scalar(0.5)]);
  return graph.op('Mul', [half, graph.op('Add', [erf, graph.scalar(1)])]);
}

/** Queries or keys [batch, heads, T, keyWidth] turned by the encoding's angles, which are whole turns' remainders in float64. */
function turned(graph: Graph, config: ModelConfig, vectors: string, { positions }: Places): string {
  const { rotates, frequency } = encodingOf(config.attention);
  if (!rotates) return vectors;
  const { heads, keyWidth } = config;
  const pairs = keyWidth / 2;
  const turns = Array.from({ length: pairs }, (_, a) => frequency(config, a) / (2 * Math.PI));
  const all = graph.op('Mul', [
    graph.op('Unsqueeze', [positions, graph.list(1)]),
    graph.constant('turns', turns, [1, pairs], 'double'),
  ]);
  const rest = graph.op('Sub', [all, graph.op('Floor', [all])]);
  const angle = graph.op('Cast', [graph.op('Mul', [rest, graph.scalar(2 * Math.PI, 'double')])], { to: 1 });
  const [cos, sin] = [graph.op('Cos', [angle]), graph.op('Sin', [angle])];
  const split = graph.op('Reshape', [vectors, graph.list(0, heads, -1, pairs, 2)]);
  const [x, y] = [0, 1].map(k => graph.op('Gather', [split, graph.scalar(k, 'int64')], { axis: -1 })) as [
    string,
    string,
  ];
  const parts = [
    graph.op('Sub', [graph.op('Mul', [cos, x]), graph.op('Mul', [sin, y])]),
    graph.op('Add', [graph.op('Mul', [cos, y]), graph.op('Mul', [sin, x])]),
  ].map(part => graph.op('Unsqueeze', [part, graph.list(-1)]));
  const joined = graph.op('Concat', parts, { axis: -1 });
  return graph.op('Reshape', [joined, graph.list(0, heads, -1, keyWidth)]);
}

/** α [batch, heads, T, T] of content K·Q by the rule, whose factor is a + b σ log i and whose suffix bias b′ φ log i (model/rules/). */
function rule(
  graph: Graph,
  weights: Weights,
  config: ModelConfig,
  l: number,
  content: string,
  { logs, offsets, hidden }: Places,
): string {
  const { attention, heads, locality } = config;
  const own = ruleOf(attention);
  const has = own.tensors(config).map(({ name }) => name);
  const rowLogs = graph.op('Unsqueeze', [logs, graph.list(1)]);
  const fixed = own.contentFactor(0, 1);
  const byLog = own.contentFactor(1, 1) - fixed;
  let score = graph.op('Mul', [content, graph.scalar(attention.scale)]);
  if (byLog !== 0) {
    const sigma = has.includes('log_scale')
      ? weights.plain(`layer.${l}.log_scale`, [heads, 1, 1])
      : graph.scalar(1);
    const scaled = graph.op('Mul', [graph.op('Mul', [rowLogs, graph.scalar(byLog)]), sigma]);
    score = graph.op('Mul', [score, graph.op('Add', [scaled, graph.scalar(fixed)])]);
  }
  if (has.includes('phi')) {
    // Offsets behind the suffix, and before it, meet a zero.
    const table = graph.op(
      'Concat',
      [
        weights.plain(`layer.${l}.phi`, [heads, locality + 1]),
        graph.constant('no bias', new Float32Array(heads), [heads, 1]),
      ],
      { axis: 1 },
    );
    const clipped = graph.op('Min', [offsets, graph.scalar(locality + 1, 'int64')]);
    const at = graph.op('Where', [hidden, graph.scalar(locality + 1, 'int64'), clipped]);
    const bias = graph.op('Mul', [graph.op('Gather', [table, at], { axis: 1 }), rowLogs]);
    score = graph.op('Add', [score, graph.op('Mul', [bias, graph.scalar(own.suffixBias(1, 1))])]);
  }
  const slopes = offsetSlopes(config);
  if (slopes.some(slope => slope !== 0)) {
    const distance = graph.op('Cast', [offsets], { to: 1 });
    const bias = graph.op('Mul', [distance, graph.constant('offset slopes', slopes, [heads, 1, 1])]);
    score = graph.op('Add', [score, bias]);
  }
  score = graph.op('Where', [hidden, graph.scalar(HIDDEN), score]);
  const highest = graph.op('ReduceMax', [score], { axes: [-1], keepdims: 1 });
  let kept = graph.op('Exp', [graph.op('Sub', [score, highest])]);
  const least = own.leastWeight(attention);
  if (least > 0)
    kept = graph.op('Where', [graph.op('Greater', [kept, graph.scalar(least)]), kept, graph.scalar(0)]);
  const total = graph.op('ReduceSum', [kept, graph.list(-1)], { keepdims: 1 });
  return graph.op('Div', [kept, total]);
}

/** What the encoding adds to a head's score for each step back. */
function offsetSlopes(config: ModelConfig): number[] {
  const { bias, kind } = encodingOf(config.attention);
  return Array.from({ length: config.heads }, (_, h) => {
    const slope = bias(config, h, 1);
    if (bias(config, h, 1000) !== 1000 * slope)
      throw new InputError(
        `encoding ${kind}: its bias is not linear in the offset, and ONNX export knows no other`,
        'Export a model with another encoding.',
      );
    return slope;
  });
}
