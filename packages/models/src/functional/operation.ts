import {invoke, RecordedOperation} from '@keratin/core/internal';
import {type AnyLayer, Layer} from '@keratin/layers';

/** What the nodes of a functional model call: a layer, a model, or an operation of `ops`. */
export type GraphOperation = AnyLayer | RecordedOperation;

export const isGraphLayer = (value: unknown): value is AnyLayer => value instanceof Layer;

export const isGraphOperation = (value: unknown): value is GraphOperation =>
  value instanceof Layer || value instanceof RecordedOperation;

/** Calls an operation with arguments of any kind. */
export function callOperation(operation: GraphOperation, args: readonly unknown[]): unknown {
  return operation[invoke](...args);
}
