import {type CustomObjects, ValueError} from '@keratin/core';
import {checkNode, checkOptions, describe, deserializeKerasObject, registerOperations} from '@keratin/core/internal';
// Both kinds of models must be known to configs.
import '../model/sequential.js';
import {Model} from '../model/model.js';

/** Options of {@link modelFromJson}. */
export interface ModelFromJsonOptions {
  /** Classes and functions that are not registered, by name. */
  customObjects?: CustomObjects | undefined;
}

/**
 * A model from the text that `model.toJson()` or Keras's `to_json()` gave, with new weights. The text is checked, never trusted.
 *
 * @example
 * const again = modelFromJson(model.toJson());
 * @throws ValueError where the text is no config of a model
 */
export function modelFromJson(json: string, options: ModelFromJsonOptions = {}): Model {
  checkOptions('modelFromJson', options, ['customObjects'], {custom_objects: 'customObjects'});
  const made = deserializeKerasObject(nodeOf(json), {customObjects: options.customObjects});
  if (made instanceof Model) return made as Model;
  throw new ValueError(`modelFromJson: the text describes no model but ${describe(made)}`);
}

function nodeOf(json: unknown): unknown {
  if (typeof json !== 'string') throw new ValueError(`modelFromJson: text is needed, got ${describe(json)}`);
  registerOperations();
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new ValueError(
      `modelFromJson: the text is no JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return checkNode('modelFromJson', value);
}
