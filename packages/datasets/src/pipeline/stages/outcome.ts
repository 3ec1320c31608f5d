import {ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {DatasetBase} from '../dataset-base.js';
import {stageName} from '../failure.js';
import {type Stage} from '../stage.js';

/** The stage of a dataset that a user's function made. */
export function checkOutcome<R>(name: string, made: unknown): Stage<R> {
  if (made instanceof DatasetBase) return made.stage as Stage<R>;
  throw new ValueError(`${stageName(name)}: the function must give a Dataset, got ${describe(made)}`);
}
