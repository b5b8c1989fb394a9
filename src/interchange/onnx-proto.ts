import protobuf from 'protobufjs';

/*
 * The part of ONNX's schema (onnx/onnx.proto3, IR version 8) that a model needs, with its field numbers. Fields that are left out are
 * optional there.
 */

const int64 = (id: number) => ({ type: 'int64', id });
const string = (id: number) => ({ type: 'string', id });
const many = (type: string, id: number) => ({ rule: 'repeated' as const, type, id });

const { nested } = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: int64(1),
        producerName: string(2),
        producerVersion: string(3),
        graph: { type: 'GraphProto', id: 7 },
        opsetImport: many('OperatorSetIdProto', 8),
        metadataProps: many('StringStringEntryProto', 14),
      },
    },
    OperatorSetIdProto: { fields: { domain: string(1), version: int64(2) } },
    StringStringEntryProto: { fields: { key: string(1), value: string(2) } },
    GraphProto: {
      fields: {
        node: many('NodeProto', 1),
        name: string(2),
        initializer: many('TensorProto', 5),
        input: many('ValueInfoProto', 11),
        output: many('ValueInfoProto', 12),
      },
    },
    NodeProto: {
      fields: {
        input: many('string', 1),
        output: many('string', 2),
        name: string(3),
        opType: string(4),
        attribute: many('AttributeProto', 5),
      },
    },
    AttributeProto: {
      fields: { name: string(1), i: int64(3), ints: many('int64', 8), type: { type: 'int32', id: 20 } },
    },
    TensorProto: {
      fields: {
        dims: many('int64', 1),
        dataType: { type: 'int32', id: 2 },
        name: string(8),
        rawData: { type: 'bytes', id: 9 },
      },
    },
    ValueInfoProto: { fields: { name: string(1), type: { type: 'TypeProto', id: 2 } } },
    TypeProto: { fields: { tensorType: { type: 'TensorTypeProto', id: 1 } } },
    TensorTypeProto: {
      fields: { elemType: { type: 'int32', id: 1 }, shape: { type: 'TensorShapeProto', id: 2 } },
    },
    TensorShapeProto: { fields: { dim: many('DimensionProto', 1) } },
    DimensionProto: { fields: { dimValue: int64(1), dimParam: string(2) } },
  },
});

/** `TensorProto.DataType`. */
export const DATA_TYPES = { float: 1, int64: 7, bool: 9, double: 11 } as const;
export type DataType = keyof typeof DATA_TYPES;

/** `AttributeProto.AttributeType`. */
const [INT, INTS] = [2, 7];

export interface OnnxNode {
  input: string[];
  output: string[];
  opType: string;
  attributes: Record<string, number | readonly number[]>;
}

export interface OnnxTensor {
  name: string;
  dims: readonly number[];
  type: DataType;
  bytes: Uint8Array;
}

/** A graph's input or output; a dimension that is named is known when it runs. */
export interface OnnxValue {
  name: string;
  type: DataType;
  dims: readonly (number | string)[];
}

export interface OnnxGraph {
  name: string;
  nodes: readonly OnnxNode[];
  initializers: readonly OnnxTensor[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
}

export interface OnnxHeader {
  producerVersion: string;
  opset: number;
  metadata: Readonly<Record<string, string>>;
}

/** The first IR version that knows the operator sets used here. */
const IR_VERSION = 8;

/** The bytes of an ONNX file. */
export function encodeOnnx(graph: OnnxGraph, { producerVersion, opset, metadata }: OnnxHeader): Uint8Array {
  const type = nested!.ModelProto as protobuf.Type;
  const value = ({ name, type: elem, dims }: OnnxValue) => ({
    name,
    type: {
      tensorType: {
        elemType: DATA_TYPES[elem],
        shape: { dim: dims.map(dim => (typeof dim === 'string' ? { dimParam: dim } : { dimValue: dim })) },
      },
    },
  });
  const attribute = ([name, n]: [string, number | readonly number[]]) =>
    typeof n === 'number' ? { name, i: n, type: INT } : { name, ints: n, type: INTS };
  const message = {
    irVersion: IR_VERSION,
    producerName: 'lengthwise',
    producerVersion,
    opsetImport: [{ domain: '', version: opset }],
    metadataProps: Object.entries(metadata).map(([key, text]) => ({ key, value: text })),
    graph: {
      name: graph.name,
      node: graph.nodes.map(({ attributes, ...node }) => ({
        ...node,
        name: node.output[0],
        attribute: Object.entries(attributes).map(attribute),
      })),
      initializer: graph.initializers.map(({ name, dims, type: elem, bytes }) => ({
        name,
        dims,
        dataType: DATA_TYPES[elem],
        rawData: bytes,
      })),
      input: graph.inputs.map(value),
      output: graph.outputs.map(value),
    },
  };
  return type.encode(type.fromObject(message)).finish();
}
