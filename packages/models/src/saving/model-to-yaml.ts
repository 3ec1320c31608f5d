import {serializeKerasObject} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {yamlLibrary} from './yaml-library.js';

/** The text of a model in YAML: what `model.toYaml` gives. */
export const modelToYaml = (model: AnyModel): string =>
  yamlLibrary().stringify(serializeKerasObject(model), {aliasDuplicateObjects: false});
