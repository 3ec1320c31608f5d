import {type DType, type Element, isTensor, RaggedTensor, type Shape, type Tensor} from '@keratin/core';
import {mapStructure, sameShape, show} from '@keratin/core/internal';

/** Shape and dtype of a part of the elements; sizes that differ between elements are null. */
export class TensorSpec {
  constructor(
    readonly shape: Shape,
    readonly dtype: DType,
  ) {}

  toString(): string {
    return `${this.dtype}${show(this.shape)}`;
  }

  toJSON(): {shape: Shape; dtype: DType} {
    return {shape: this.shape, dtype: this.dtype};
  }
}

/** Of the elements of a dataset: built like them, or null where it is only known when they come. */
export type ElementSpec = TensorSpec | readonly ElementSpec[] | {readonly [key: string]: ElementSpec} | null;

const mapSpec = (spec: ElementSpec, fn: (leaf: TensorSpec) => TensorSpec): ElementSpec =>
  mapStructure(spec, (leaf) => (leaf instanceof TensorSpec ? fn(leaf) : null)) as ElementSpec;

/** Of a structure of tensors. */
export function specOf(element: unknown): ElementSpec {
  return mapStructure(element, (leaf) =>
    isTensor(leaf) || leaf instanceof RaggedTensor ? new TensorSpec(leaf.shape, leaf.dtype) : null,
  ) as ElementSpec;
}

/** With a new first axis. */
export function stackedSpec(spec: ElementSpec, size: number | null): ElementSpec {
  return mapSpec(spec, ({shape, dtype}) => new TensorSpec([size, ...shape], dtype));
}

/** Without the first axis. */
export function rowSpec(spec: ElementSpec): ElementSpec {
  return mapSpec(spec, ({shape, dtype}) => new TensorSpec(shape.slice(1), dtype));
}

/** The spec of both, where they agree. */
export function commonSpec(a: ElementSpec, b: ElementSpec): ElementSpec {
  const [left, right] = [specText(a), specText(b)];
  return left === right ? a : null;
}

/** As text: `[float32(28,28), uint8()]`. */
export function specText(spec: ElementSpec): string {
  if (spec === null) return '?';
  if (spec instanceof TensorSpec) return spec.toString();
  if (Array.isArray(spec)) return `[${spec.map((part: ElementSpec) => specText(part)).join(', ')}]`;
  const entries = Object.entries(spec as {readonly [key: string]: ElementSpec});
  return `{${entries.map(([key, part]) => `${key}: ${specText(part)}`).join(', ')}}`;
}

/** Whether a tensor is as its spec says. */
export function meets(spec: TensorSpec, {shape, dtype}: Tensor<Element>): boolean {
  if (dtype !== spec.dtype || shape.length !== spec.shape.length) return false;
  return sameShape(
    spec.shape.map((size, i) => size ?? shape[i] ?? null),
    shape,
  );
}
