import {type DType} from '@keratin/core';
import {bytes, float, integer, message} from '../../tensorboard/protobuf.js';

// The messages of ONNX (onnx.proto3, IR version 8) that graphs of inference need.

/** Since 2023 in every release of onnxruntime. */
export const OPSET = 18;
const IR_VERSION = 8;

/** ONNX's numbers of dtypes. */
export const DATA_TYPES: Readonly<Partial<Record<DType, number>>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
};

/** A whole number, a float (`{float: 0.5}`), a text, or a list of whole numbers or texts. */
export type Attribute = number | string | readonly number[] | readonly string[] | {readonly float: number};

function attribute(name: string, value: Attribute): Uint8Array {
  const kind = (type: number): Uint8Array => integer(20, type);
  if (typeof value === 'number') return message(5, bytes(1, name), integer(3, value), kind(2));
  if (typeof value === 'string') return message(5, bytes(1, name), bytes(4, value), kind(3));
  if ('float' in value) return message(5, bytes(1, name), float(2, value.float), kind(1));
  const texts = value.some((one) => typeof one === 'string');
  const entries = value.map((one) => (typeof one === 'string' ? bytes(9, one) : integer(8, one)));
  return message(5, bytes(1, name), ...entries, kind(texts ? 8 : 7));
}

/** A node of a graph. */
export interface OnnxNode {
  readonly type: string;
  readonly name: string;
  /** `''` where an optional input is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

const encodeNode = ({type, name, inputs, outputs, attributes}: OnnxNode): Uint8Array =>
  message(
    1,
    ...inputs.map((input) => bytes(1, input)),
    ...outputs.map((output) => bytes(2, output)),
    bytes(3, name),
    bytes(4, type),
    ...Object.entries(attributes).map(([key, value]) => attribute(key, value)),
  );

/** A tensor in the file. */
export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dataType: number;
  /** Little-endian, row-major. */
  readonly raw: Uint8Array;
}

const encodeTensor = ({name, shape, dataType, raw}: OnnxTensor): Uint8Array =>
  message(5, ...shape.map((size) => integer(1, size)), integer(2, dataType), bytes(8, name), bytes(9, raw));

/** An input or output of the graph; open sizes have names. */
export interface OnnxPort {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly dataType: number;
}

function encodePort(field: number, {name, shape, dataType}: OnnxPort): Uint8Array {
  const dims = shape.map((size) => message(1, typeof size === 'string' ? bytes(2, size) : integer(1, size)));
  return message(field, bytes(1, name), message(2, message(1, integer(1, dataType), message(2, ...dims))));
}

/** A whole graph. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

/** The bytes of a file. */
export const encodeModel = ({name, nodes, tensors, inputs, outputs}: OnnxGraph): Uint8Array =>
  Buffer.concat([
    integer(1, IR_VERSION),
    bytes(2, 'keratin'),
    message(
      7,
      ...nodes.map(encodeNode),
      bytes(2, name),
      ...tensors.map(encodeTensor),
      ...inputs.map((port) => encodePort(11, port)),
      ...outputs.map((port) => encodePort(12, port)),
    ),
    message(8, bytes(1, ''), integer(2, OPSET)),
  ]);
