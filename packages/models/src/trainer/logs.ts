import {type Element, type Tensor} from '@keratin/core';
import {tensorsIn} from '@keratin/core/internal';
import {type Logs} from '../callbacks/callback.js';

/** What a step gives: values by name, as numbers or as tensors that nobody has read yet. */
export type StepLogs = Readonly<Record<string, Tensor<Element> | number | readonly number[]>>;

/** A value of a step as a number; of a metric that gives one number per class, a list. */
function valueOf(value: StepLogs[string] | undefined): unknown {
  const [tensor] = tensorsIn(value);
  if (tensor === undefined) return value;
  return tensor.ndim === 0 ? Number(tensor.item()) : tensor.cast('float64').array();
}

/** Reads the values of a step, by name in alphabetical order as Keras has them. */
export function readLogs(step: StepLogs): Logs {
  const logs: Record<string, unknown> = {};
  for (const name of Object.keys(step).sort()) logs[name] = valueOf(step[name]);
  // Lists are the rare exception, which only a metric without averaging makes.
  return logs as Logs;
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
  const result: number[] = [];
  const add = (name: string): void => {
    const value: number | readonly number[] | undefined = logs[name];
    if (Array.isArray(value)) result.push(...(value as readonly number[]));
    else if (value !== undefined) result.push(value);
  };
  order.forEach(add);
  for (const name of Object.keys(logs).sort()) if (!order.includes(name)) add(name);
  const values: Readonly<Record<string, number | undefined>> = logs;
  return Object.assign(result, values as Readonly<Record<string, number>>);
}
