import {config, type DType, isTensor, NotBuiltError, type Shape, type Tensor, ValueError} from '@keratin/core';
import {
  checkDType,
  checkOptions,
  describe,
  type FilePath,
  hint,
  isPlainObject,
  isSymbolic,
  originOf,
  pathText,
  show,
} from '@keratin/core/internal';
import {stack} from '@keratin/layers/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {writeBytes} from '../saving/write-bytes.js';
import {type GraphInput, toOnnx} from './onnx/to-onnx.js';

/** What `model.export` writes. */
export type ExportFormat = 'onnx';

/** An input of the exported graph. */
export interface InputSpecification {
  /** With the batch; null where the size stays open. */
  shape: Shape;
  /** Default `'float32'`. */
  dtype?: DType | undefined;
  /** Its name in the file. */
  name?: string | undefined;
}

/** Options of `model.export`. */
export interface ExportOptions {
  /** The format: `'onnx'`. */
  format: ExportFormat;
  /** The inputs, where their sizes are not to stay as open as the model leaves them. Default: the model's own inputs. */
  inputSignature?: readonly InputSpecification[] | undefined;
  /** Whether a line says what was written. Default false. */
  verbose?: boolean | undefined;
}

const KERAS_FORMATS = ['tf_saved_model', 'openvino', 'litert', 'torch'];

/**
 * Writes what the model computes in inference, for other runtimes: what `model.export` does. The file appears whole or not at all.
 * @throws ValueError that names the layer and operation that has no form in ONNX
 */
export async function exportModel(model: AnyModel, path: FilePath, options: ExportOptions): Promise<void> {
  const where = 'export';
  const given: unknown = options;
  if (formatOf(given) !== 'onnx') refuseFormat(where, given);
  checkOptions(where, options, ['format', 'inputSignature', 'verbose'], {input_signature: 'inputSignature'});
  const file = typeof path === 'string' || path instanceof URL ? pathText(path) : '';
  if (!file.endsWith('.onnx')) throw new ValueError(`${where}: the file must end in ".onnx", got ${describe(file)}`);
  const bytes = onnxOf(model, options.inputSignature, where);
  await writeBytes(file, bytes);
  if (options.verbose === true) console.log(`${model.name}: wrote ${String(bytes.length)} bytes to ${file}`);
}

const formatOf = (options: unknown): unknown =>
  typeof options === 'object' && options !== null ? Reflect.get(options, 'format') : undefined;

function refuseFormat(where: string, options: unknown): never {
  const format = formatOf(options);
  const known = typeof format === 'string' && KERAS_FORMATS.includes(format);
  const text = format === undefined ? "Keras's default, a SavedModel, needs TensorFlow" : `got ${describe(format)}`;
  const reason = known ? ', whose library exists for Python only' : '';
  throw new ValueError(
    `${where}: a format that can be written here is needed, {format: "onnx"}; ${text}${reason}${typeof format === 'string' ? hint(format, ['onnx']) : ''}`,
  );
}

/** The bytes of an ONNX file that computes what the model does in inference. */
export function onnxOf(
  model: AnyModel,
  signature: readonly InputSpecification[] | undefined,
  where: string,
): Uint8Array {
  if (!model.built) {
    throw new NotBuiltError(
      `${where}: model "${model.name}" has no weights yet; build it with build(inputShape), or call it once`,
    );
  }
  const structure = inputStructure(model);
  const own = inputsOf(structure);
  const inputs = signature === undefined ? own : own.map((input, i) => specified(where, input, signature[i]));
  if (signature !== undefined && signature.length !== own.length) {
    throw new ValueError(
      `${where}: inputSignature must have ${String(own.length)} entries, got ${String(signature.length)}`,
    );
  }
  try {
    return toOnnx({
      name: model.name,
      inputs,
      outputNames: model.graph?.outputNames ?? [],
      place: () => stack.path,
      run: (tensors) => {
        let next = 0;
        const arranged = arrange(structure, () => tensors[next++]);
        return model(arranged as never, {training: false});
      },
    });
  } catch (error) {
    if (error instanceof Error && !error.message.startsWith(where)) {
      error.message = `${where}: model "${model.name}": ${error.message}`;
    }
    throw error;
  }
}

/** The structure of the inputs, whose leaves are symbolic tensors or shapes. */
function inputStructure(model: AnyModel): unknown {
  if (model.graph !== null) return model.graph.inputStructure;
  try {
    const [only, ...others] = model.inputs;
    if (only !== undefined && others.length === 0) return only;
  } catch (error) {
    // Only models made of symbolic tensors know their inputs; the others know the shapes that they were built for.
    if (!(error instanceof NotBuiltError)) throw error;
  }
  const shape: unknown = model.getBuildConfig()?.['input_shape'];
  if (shape !== undefined && shape !== null) return shape;
  throw new ValueError(
    `export: model "${model.name}" does not know the shapes of its inputs; call it once with one tensor, list or dictionary of tensors`,
  );
}

const isShape = (value: unknown): value is Shape =>
  Array.isArray(value) && value.every((size) => size === null || typeof size === 'number');

const isLeaf = (value: unknown): boolean => isSymbolicTensor(value) || isShape(value);

const isSymbolicTensor = (value: unknown): value is Tensor => isTensor(value) && isSymbolic(value);

/** The structure with each leaf replaced, in order. */
function arrange(structure: unknown, leaf: (value: unknown) => unknown): unknown {
  if (isLeaf(structure)) return leaf(structure);
  if (Array.isArray(structure)) return structure.map((entry) => arrange(entry, leaf));
  if (!isPlainObject(structure)) throw new ValueError(`export: ${describe(structure)} is no input of a model`);
  return Object.fromEntries(Object.entries(structure).map(([key, entry]) => [key, arrange(entry, leaf)]));
}

function inputsOf(structure: unknown): GraphInput[] {
  const inputs: GraphInput[] = [];
  arrange(structure, (leaf) => {
    const index = inputs.length;
    if (isSymbolicTensor(leaf)) {
      const name = originOf(leaf)?.node.operation.name ?? `input_${String(index)}`;
      inputs.push({name, shape: leaf.shape, dtype: leaf.dtype});
    } else if (isShape(leaf)) {
      const shape = [null, ...leaf.slice(1)];
      inputs.push({name: index === 0 ? 'input' : `input_${String(index)}`, shape, dtype: config.floatx()});
    }
    return leaf;
  });
  return inputs;
}

function specified(where: string, own: GraphInput, given: InputSpecification | undefined): GraphInput {
  if (given === undefined) return own;
  checkOptions(`${where}: inputSignature`, given, ['shape', 'dtype', 'name']);
  const {shape, dtype = own.dtype, name = own.name} = given;
  const fits =
    isShape(shape) &&
    shape.length === own.shape.length &&
    shape.every((size, axis) => {
      const known = own.shape[axis] ?? null;
      return known === null ? size === null || (Number.isInteger(size) && size > 0) : size === known;
    });
  if (!fits) {
    throw new ValueError(
      `${where}: inputSignature of "${own.name}" must fit its shape ${show(own.shape)}, got ${describe(shape)}`,
    );
  }
  return {name, shape, dtype: checkDType(`${where}: inputSignature`, dtype)};
}
