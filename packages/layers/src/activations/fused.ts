import {type ActivationFunction} from './index.js';
import {linear, relu, tanh} from './functions.js';

/**
 * The activation that a kernel can apply while it writes its output; null where it must follow as an op of its own. Sigmoid is not
 * among them: losses need what it was applied to.
 */
export function fusedActivation(activation: ActivationFunction): 'linear' | 'relu' | 'tanh' | null {
  if (activation === linear) return 'linear';
  if (activation === relu) return 'relu';
  return activation === tanh ? 'tanh' : null;
}
