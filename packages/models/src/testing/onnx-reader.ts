// Reads back what the ONNX export writes: enough of protocol buffers to look at a graph.

interface Field {
  readonly field: number;
  readonly value: bigint | Uint8Array;
}

function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const wire = key & 7;
    let value: Field['value'];
    if (wire === 0) value = varint();
    else {
      const length = wire === 2 ? Number(varint()) : wire === 5 ? 4 : 8;
      value = bytes.subarray(at, at + length);
      at += length;
    }
    fields.push({field: key >> 3, value});
  }
  return fields;
}

const messages = (bytes: Uint8Array, field: number): Uint8Array[] =>
  fieldsOf(bytes).flatMap((one) => (one.field === field && typeof one.value !== 'bigint' ? [one.value] : []));
const texts = (bytes: Uint8Array, field: number): string[] =>
  messages(bytes, field).map((value) => new TextDecoder().decode(value));
const integers = (bytes: Uint8Array, field: number): number[] =>
  fieldsOf(bytes).flatMap((one) => (one.field === field && typeof one.value === 'bigint' ? [Number(one.value)] : []));

const TYPES: Readonly<Record<number, string>> = {1: 'float32', 6: 'int32', 7: 'int64', 9: 'bool', 11: 'float64'};

function portText(port: Uint8Array): string {
  const [name = ''] = texts(port, 1);
  const [tensor = new Uint8Array()] = messages(port, 2).flatMap((type) => messages(type, 1));
  const dims = messages(tensor, 2)
    .flatMap((shape) => messages(shape, 1))
    .map((dim) => texts(dim, 2)[0] ?? String(integers(dim, 1)[0] ?? 0));
  return `${name}: ${TYPES[integers(tensor, 1)[0] ?? 0] ?? '?'}[${dims.join(',')}]`;
}

/** What a graph looks like, as text, and its tensors. */
export interface ReadGraph {
  readonly opset: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** `Type(inputs)` */
  readonly nodes: readonly string[];
  readonly tensors: Readonly<Record<string, {readonly shape: readonly number[]; readonly raw: Uint8Array}>>;
}

/** The graph of an ONNX file. */
export function readOnnx(bytes: Uint8Array): ReadGraph {
  const [graph = new Uint8Array()] = messages(bytes, 7);
  const [opset = new Uint8Array()] = messages(bytes, 8);
  return {
    opset: integers(opset, 2)[0] ?? 0,
    inputs: messages(graph, 11).map(portText),
    outputs: messages(graph, 12).map(portText),
    nodes: messages(graph, 1).map((node) => `${texts(node, 4)[0] ?? ''}(${texts(node, 1).join(', ')})`),
    tensors: Object.fromEntries(
      messages(graph, 5).map((tensor) => [
        texts(tensor, 8)[0] ?? '',
        {shape: integers(tensor, 1), raw: messages(tensor, 9)[0] ?? new Uint8Array()},
      ]),
    ),
  };
}
