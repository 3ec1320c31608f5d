import {type ConfigNode, type CustomObjects, FileFormatError, KeratinError, ValueError} from '@keratin/core';
import {describe, deserializeKerasObject, registerOperations, withCustomObjects} from '@keratin/core/internal';
// All kinds of models must be known to configs.
import '../model/sequential.js';
import {Model} from '../model/model.js';
import {compileParts, withoutParts} from './compile-parts.js';

/** The model of a config, with new weights. */
export function modelFromNode(node: ConfigNode, label: string, customObjects: CustomObjects, compile: boolean): Model {
  registerOperations();
  const given = compile ? withoutParts(node) : {...node, compile_config: null};
  let made: unknown;
  try {
    made = withCustomObjects(customObjects, () => {
      const object = deserializeKerasObject(given, {customObjects});
      if (compile && object instanceof Model) compileParts(object as Model, node, customObjects);
      return object;
    });
  } catch (error) {
    if (!(error instanceof KeratinError)) throw error;
    throw new FileFormatError(`${label}: ${error.message}`, {cause: error});
  }
  if (made instanceof Model) return made as Model;
  throw new ValueError(`${label}: the file describes no model but ${describe(made)}`);
}
