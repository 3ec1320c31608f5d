import {type Element, type Shape, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {describe, show} from '@keratin/core/internal';

/** What a layer's input must look like; sizes that are null are free. */
export interface InputSpec {
  /** The exact shape. */
  readonly shape?: Shape | undefined;
  /** The exact rank. */
  readonly ndim?: number | undefined;
  /** The least rank. */
  readonly minNdim?: number | undefined;
  /** Sizes of some axes, by axis (negative counts from the end). */
  readonly axes?: Readonly<Record<number, number>> | undefined;
}

/** Throws a sentence with the layer's path where a tensor does not fit. */
export function checkInput(path: string, spec: InputSpec, x: Tensor<Element>, what = 'inputs'): void {
  const got = `got ${what} ${show(x.shape)}`;
  const {shape, ndim, minNdim, axes} = spec;
  if (ndim !== undefined && x.ndim !== ndim) {
    throw new ShapeError(`${path}: expects inputs of rank ${String(ndim)}, ${got}`);
  }
  if (minNdim !== undefined && x.ndim < minNdim) {
    throw new ShapeError(`${path}: expects inputs of rank ${String(minNdim)} or more, ${got}`);
  }
  for (const [key, size] of Object.entries(axes ?? {})) {
    const given = x.shape.at(Number(key));
    if (given === undefined || (given !== null && given !== size)) {
      throw new ShapeError(`${path}: expects axis ${key} of size ${String(size)}, ${got}`);
    }
  }
  if (shape === undefined) return;
  const fits = shape.length === x.ndim && shape.every((n, i) => n === null || x.shape[i] === null || n === x.shape[i]);
  if (!fits) throw new ShapeError(`${path}: expects inputs of shape ${show(shape)}, ${got}`);
}

/** Checks a structure of inputs where the spec has one entry for each. */
export function checkInputs(
  path: string,
  spec: InputSpec | readonly InputSpec[],
  inputs: readonly Tensor<Element>[],
): void {
  if (!isSpecList(spec)) {
    const [first] = inputs;
    if (first === undefined) throw new ValueError(`${path}: expects a tensor, got ${describe(first)}`);
    checkInput(path, spec, first);
    return;
  }
  if (spec.length !== inputs.length) {
    throw new ValueError(`${path}: expects ${String(spec.length)} inputs, got ${String(inputs.length)}`);
  }
  inputs.forEach((x, i) => {
    const own = spec[i];
    if (own !== undefined) checkInput(path, own, x, `inputs[${String(i)}]`);
  });
}

const isSpecList = (spec: InputSpec | readonly InputSpec[]): spec is readonly InputSpec[] => Array.isArray(spec);
