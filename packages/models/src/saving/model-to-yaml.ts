import {serializeKerasObject} from '@keratin/core/internal';
import {stringify} from 'yaml';
import {type AnyModel} from '../callbacks/callback.js';

/** The text of a model in YAML: what `model.toYaml` gives. */
export const modelToYaml = (model: AnyModel): string =>
  stringify(serializeKerasObject(model), {aliasDuplicateObjects: false});
