import {DtypeError, isTensor, ops, ShapeError, type Tensor, ValueError, Variable} from '@keratin/core';
import {describe, isFloating, sameShape, show} from '@keratin/core/internal';

/** What a gradient may be: null where a variable has none. */
export type MaybeGradient = Tensor | null;

const isList = (value: unknown): boolean => Array.isArray(value);

/** Gradients with their variables, in the variables' dtypes, without those that are null; or an error that names what does not fit. */
export function pairsOf(
  where: string,
  gradients: readonly MaybeGradient[],
  variables: readonly Variable[],
): (readonly [Tensor, Variable])[] {
  if (!isList(gradients) || !isList(variables)) {
    throw new ValueError(
      `${where}: a list of gradients and a list of variables are needed, got ${describe(gradients)} and ${describe(variables)}`,
    );
  }
  if (gradients.length !== variables.length) {
    throw new ValueError(
      `${where}: one gradient for each variable is needed, got ${String(gradients.length)} gradients and ${String(variables.length)} variables`,
    );
  }
  const pairs: (readonly [Tensor, Variable])[] = [];
  for (const [i, variable] of variables.entries()) {
    if (!(variable instanceof Variable)) {
      throw new ValueError(
        `${where}: entry ${String(i)} of the variables must be a Variable, got ${describe(variable)}`,
      );
    }
    const gradient: unknown = gradients[i];
    if (gradient === null) continue;
    if (!isTensor(gradient)) {
      throw new ValueError(
        `${where}: the gradient of ${variable.path} must be a tensor or null, got ${describe(gradient)}`,
      );
    }
    if (!isFloating(variable.dtype) || !isFloating(gradient.dtype)) {
      throw new DtypeError(
        `${where}: only floating variables are trained, got variable ${variable.path} of dtype ${variable.dtype} with a gradient of dtype ${gradient.dtype}`,
      );
    }
    if (!sameShape(gradient.shape, variable.shape)) {
      throw new ShapeError(
        `${where}: a gradient has its variable's shape, got ${show(gradient.shape)} for variable ${variable.path} of shape ${show(variable.shape)}`,
      );
    }
    pairs.push([ops.cast(gradient, variable.dtype), variable]);
  }
  if (pairs.length === 0 && gradients.length > 0) {
    throw new ValueError(
      `${where}: none of the variables has a gradient (${variables.map(({path}) => path).join(', ')}); does the loss depend on them?`,
    );
  }
  return pairs;
}
