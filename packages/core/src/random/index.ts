/** Random tensors. With an integer `seed` a function gives the same values at every call; without one it follows `setSeed`. */
export {SeedGenerator, type SeedGeneratorOptions} from './seed.js';
export {type RandomOptions} from './arguments.js';
export {
  multivariateNormal,
  normal,
  type NormalOptions,
  permutation,
  randint,
  shuffle,
  truncatedNormal,
  uniform,
  type UniformOptions,
} from './basic.js';
export {bernoulli, beta, binomial, categorical, dropout, type DropoutOptions, gamma} from './distributions.js';
