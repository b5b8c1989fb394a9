/*
 * ONNX models as bytes: the few messages of onnx.proto3 that a small graph needs, in protocol buffers' wire format. Field numbers are
 * those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.
 */

const FLOAT = 1;
const INT32 = 6;
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;
const IR_VERSION = 8;

/** A node of a graph. Numbers of `floats` become float attributes, of `ints` integers. */
export interface OnnxNode {
  operator: string;
  /** Empty for ONNX's own operators. */
  domain?: string;
  inputs: string[];
  outputs: string[];
  floats?: Record<string, number>;
  ints?: Record<string, number | number[]>;
}

/** An input or output of a graph. */
export interface OnnxValue {
  name: string;
  dims: number[];
  type?: 'float32' | 'int32';
}

export interface OnnxGraph {
  nodes: OnnxNode[];
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  /** Version of ONNX's own operators. */
  opset: number;
}

/** The bytes of a ModelProto. */
export function onnxModel({ nodes, inputs, outputs, opset }: OnnxGraph): Uint8Array {
  const graph = [
    ...nodes.map(node => message(1, nodeProto(node))),
    text(2, 'attention'),
    ...inputs.map(value => message(11, valueProto(value))),
    ...outputs.map(value => message(12, valueProto(value))),
  ];
  return joined([
    integer(1, IR_VERSION),
    message(7, graph),
    message(8, [text(1, ''), integer(2, opset)]),
    message(8, [text(1, 'com.microsoft'), integer(2, 1)]),
  ]);
}

type Bytes = Uint8Array;

function nodeProto({ operator, domain = '', inputs, outputs, floats = {}, ints = {} }: OnnxNode): Bytes[] {
  return [
    ...inputs.map(name => text(1, name)),
    ...outputs.map(name => text(2, name)),
    text(4, operator),
    ...Object.entries(floats).map(([name, value]) =>
      message(5, [text(1, name), float(2, value), integer(20, ATTRIBUTE_FLOAT)]),
    ),
    ...Object.entries(ints).map(([name, value]) =>
      message(
        5,
        Array.isArray(value)
          ? [text(1, name), ...value.map(n => integer(8, n)), integer(20, ATTRIBUTE_INTS)]
          : [text(1, name), integer(3, value), integer(20, ATTRIBUTE_INT)],
      ),
    ),
    text(7, domain),
  ];
}

function valueProto({ name, dims, type = 'float32' }: OnnxValue): Bytes[] {
  const shape = dims.map(dim => message(1, [integer(1, dim)]));
  const tensor = [integer(1, type === 'float32' ? FLOAT : INT32), message(2, shape)];
  return [text(1, name), message(2, [message(1, tensor)])];
}

const varint = (n: number): number[] => (n < 128 ? [n] : [(n % 128) | 128, ...varint(Math.floor(n / 128))]);
const tag = (field: number, wire: number) => varint(field * 8 + wire);
const integer = (field: number, n: number): Bytes => Uint8Array.from([...tag(field, 0), ...varint(n)]);
const text = (field: number, value: string): Bytes => bytes(field, new TextEncoder().encode(value));
const message = (field: number, parts: Bytes[]): Bytes => bytes(field, joined(parts));

function bytes(field: number, content: Bytes): Bytes {
  return joined([Uint8Array.from([...tag(field, 2), ...varint(content.length)]), content]);
}

function float(field: number, value: number): Bytes {
  return joined([Uint8Array.from(tag(field, 5)), new Uint8Array(Float32Array.of(value).buffer)]);
}

function joined(parts: Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
