import {ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {modelFromJson, type ModelFromJsonOptions} from '../functional/json.js';
import {type Model} from '../model/model.js';
import {yamlLibrary} from './yaml-library.js';

/**
 * A model from the text that `model.toYaml()` gave, with new weights. The text is checked, never trusted: it holds plain values only, no
 * tags and no aliases.
 *
 * @example
 * const again = modelFromYaml(model.toYaml());
 * @throws ValueError where the text is no config of a model
 */
export function modelFromYaml(yaml: string, options: ModelFromJsonOptions = {}): Model {
  if (typeof yaml !== 'string') throw new ValueError(`modelFromYaml: text is needed, got ${describe(yaml)}`);
  let value: unknown;
  try {
    // The core schema makes plain values only; nothing may stand for something else, so that small texts stay small.
    const document = yamlLibrary().parseDocument(yaml, {
      schema: 'core',
      customTags: [],
      merge: false,
      uniqueKeys: true,
    });
    const [error] = document.errors;
    if (error !== undefined) throw error;
    value = document.toJS({maxAliasCount: 0});
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new ValueError(`modelFromYaml: the text is no YAML: ${reason ?? ''}`, {cause: error});
  }
  if (typeof value !== 'object' || value === null) {
    throw new ValueError(`modelFromYaml: the text describes no model but ${describe(value)}`);
  }
  return modelFromJson(JSON.stringify(value), options);
}
