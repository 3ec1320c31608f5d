import {type Element, type Tensor} from '@keratin/core';
import {tensorsIn} from '@keratin/core/internal';
import {type Logs} from '../callbacks/callback.js';

/** What a step gives: values by name, as numbers or as tensors that nobody has read yet. */
export type StepLogs = Readonly<Record<string, Tensor<Element> | number | readonly number[]>>;

/** A value of a step as a number; a metric that gives one number per class becomes a list. */
function toNumber(value: StepLogs[string]): number {
  if (typeof value === 'number') return value;
  const [tensor] = tensorsIn(value);
  // A vector shows up as a list in the logs, as in Keras.
  if (tensor === undefined) return value as unknown as number;
  if (tensor.ndim === 0) return Number(tensor.item());
  return (tensor.cast('float64') as Tensor).array() as unknown as number;
}

/** Reads the values of a step, by name in alphabetical order as Keras has them. */
export function readLogs(step: StepLogs): Logs {
  const logs: Logs = {};
  for (const name of Object.keys(step).sort()) {
    const value = step[name];
    if (value !== undefined) logs[name] = toNumber(value);
  }
  return logs;
}

/**
 * A result that is a dictionary and a list at once: the loss, the metrics in the order of `compile`, then what is left by
 * name, as Keras orders it.
 * @param order names in the order of the list; a name that is no key of the logs is left out
 */
export function toEvaluation(
  logs: Logs,
  order: readonly string[],
): readonly number[] & Readonly<Record<string, number>> {
  const listed = order.flatMap((name) => logs[name] ?? []);
  const rest = Object.keys(logs)
    .filter((name) => !order.includes(name))
    .sort()
    .flatMap((name) => logs[name] ?? []);
  return Object.assign([...listed, ...rest], logs) as number[] & Record<string, number>;
}
