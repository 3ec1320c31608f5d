import {KeratinError, PipelineError} from '@keratin/core';
import {isPending, type Maybe, settled} from './step.js';

/** The name of a stage in messages. */
export const stageName = (name: string): string => `Dataset.${name}`;

/** What a stage failed with, as an error that names it; errors that name a stage already pass. */
export function failure(name: string, element: number | null, cause: unknown): KeratinError {
  if (cause instanceof PipelineError) return cause;
  if (cause instanceof KeratinError && cause.message.startsWith(`${stageName(name)}:`)) return cause;
  const what = cause instanceof Error ? cause.message : String(cause);
  const at = element === null ? '' : `element ${String(element)}: `;
  return new PipelineError(`${stageName(name)}: ${at}${what}`, {cause});
}

/** Calls a user's function for an element; what it throws names the stage and the element. */
export function callFor<R>(name: string, element: number, fn: () => R | PromiseLike<R>): Maybe<R> {
  let result: Maybe<R>;
  try {
    result = settled(fn());
  } catch (error) {
    throw failure(name, element, error);
  }
  if (!isPending(result)) return result;
  return result.catch((error: unknown): never => {
    throw failure(name, element, error);
  });
}
