import {type CustomObjects, ValueError} from '@keratin/core';
import {
  checkNode,
  type ConfigNode,
  continueRandomState,
  deserializeKerasObject,
  processRandomState,
  registerOperations,
  sameShape,
  show,
  withCustomObjects,
  withNamesKept,
} from '@keratin/core/internal';
import {Layer} from '@keratin/layers';
import {withZeroWeights} from '@keratin/layers/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {Optimizer} from '../optimizers/optimizer.js';
import {compileParts, withoutParts} from './compile-parts.js';
import {type Saveable, saveablesOf} from './saveables.js';

/** What was found to come back from its config, by model. */
const proven = new WeakMap<AnyModel, string>();

/**
 * Makes the model once from what a file will say of it, with weights of zeros, so that what could not be loaded is refused when it is saved.
 * Nothing is drawn and no name is taken by it.
 * @param objects classes and functions of the user in the model, which whoever loads the file has to know
 * @throws ValueError that names the object and what it lacks
 */
export function checkRestorable(model: AnyModel, node: ConfigNode, objects: CustomObjects, where: string): void {
  const text = JSON.stringify(node);
  if (proven.get(model) === text) return;
  const again = rebuilt(model, checkNode(where, JSON.parse(text)), objects, where);
  const found = new Map(saveablesOf(again).map((one) => [one.path, one]));
  for (const saveable of saveablesOf(model)) {
    if (saveable.owner instanceof Optimizer) continue;
    const problem = difference(saveable, found.get(saveable.path));
    if (problem !== null) {
      throw new ValueError(`${where}: ${problem} when it is made again from its config; ${FIX}`);
    }
  }
  proven.set(model, text);
}

const FIX =
  'getConfig has to give all that the constructor takes, and build has to make the weights (saveWeights stores the weights alone)';

// Models import this file.
const isModel = (value: unknown): value is AnyModel => value instanceof Layer && 'graph' in value && 'trainer' in value;

function rebuilt(model: AnyModel, node: ConfigNode, objects: CustomObjects, where: string): AnyModel {
  registerOperations();
  const state = processRandomState();
  try {
    const made = withNamesKept(() =>
      withZeroWeights(() =>
        withCustomObjects(objects, () => {
          const object = deserializeKerasObject(withoutParts(node), {customObjects: objects});
          if (isModel(object)) compileParts(object, node, objects);
          return object;
        }),
      ),
    );
    if (isModel(made)) return made;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ValueError(`${where}: model "${model.name}" cannot be made again from its config: ${reason}; ${FIX}`, {
      cause: error,
    });
  } finally {
    continueRandomState(state);
  }
  throw new ValueError(`${where}: fromConfig of model "${model.name}" gives no model`);
}

function difference({path, owner, variables}: Saveable, again: Saveable | undefined): string | null {
  if (variables.length === 0) return null;
  const what = path === '' ? `the model "${owner.name}"` : `${path} ("${owner.name}")`;
  if (again === undefined) return `${what} is missing`;
  if (again.variables.length !== variables.length) {
    return `${what} has ${String(again.variables.length)} instead of ${String(variables.length)} weights`;
  }
  for (const [i, variable] of variables.entries()) {
    const {shape} = again.variables[i] ?? variable;
    if (!sameShape(shape, variable.shape)) {
      return `${what} has weight ${variable.path} of shape ${show(shape)} instead of ${show(variable.shape)}`;
    }
  }
  return null;
}
