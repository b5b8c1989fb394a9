import type { DataType, OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from './onnx-proto.ts';

const ARRAYS = {
  float: (values: ArrayLike<number>) => Float32Array.from(values),
  double: (values: ArrayLike<number>) => Float64Array.from(values),
  int64: (values: ArrayLike<number>) => BigInt64Array.from(Array.from(values, BigInt)),
  bool: (values: ArrayLike<number>) => Uint8Array.from(values),
};

/** An ONNX graph under construction: every method adds one node, or one constant, and returns its name. */
export class Graph {
  private readonly nodes: OnnxNode[] = [];
  private readonly initializers = new Map<string, OnnxTensor>();

  /** The output of an operator. */
  op(opType: string, input: string[], attributes: OnnxNode['attributes'] = {}): string {
    const output = `${opType.toLowerCase()}_${this.nodes.length}`;
    this.nodes.push({ opType, input, output: [output], attributes });
    return output;
  }

  /** A constant, kept once for equal names. Without dimensions it is a scalar. */
  constant(
    name: string,
    values: ArrayLike<number>,
    dims: readonly number[] = [values.length],
    type: DataType = 'float',
  ): string {
    const array = ARRAYS[type](values);
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    this.initializers.set(name, { name, dims, type, bytes });
    return name;
  }

  scalar(value: number, type: DataType = 'float'): string {
    return this.constant(`${type} ${value}`, [value], [], type);
  }

  /** A list of whole numbers: shapes and axes. */
  list(...values: number[]): string {
    return this.constant(`list ${values.join(' ')}`, values, [values.length], 'int64');
  }

  /** The graph whose outputs are nodes of this one, by the names they shall have. */
  finish(
    name: string,
    inputs: readonly OnnxValue[],
    outputs: readonly (OnnxValue & { from: string })[],
  ): OnnxGraph {
    const named = outputs.map(
      ({ from, name: as }): OnnxNode => ({
        opType: 'Identity',
        input: [from],
        output: [as],
        attributes: {},
      }),
    );
    return {
      name,
      nodes: [...this.nodes, ...named],
      initializers: [...this.initializers.values()],
      inputs,
      outputs: outputs.map(({ from: _, ...value }) => value),
    };
  }
}
