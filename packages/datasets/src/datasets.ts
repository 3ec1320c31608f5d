/** The classic data sets: `await datasets.mnist.loadData()`. */
export {bostonHousing, type BostonHousingOptions} from './classic/boston-housing.js';
export {californiaHousing, type CaliforniaHousingOptions} from './classic/california-housing.js';
export {cifar10} from './classic/cifar10.js';
export {cifar100, type Cifar100Options} from './classic/cifar100.js';
export {fashionMnist} from './classic/fashion-mnist.js';
export {imdb} from './classic/imdb.js';
export {mnist, type MnistOptions} from './classic/mnist.js';
export {reuters, type ReutersOptions} from './classic/reuters.js';
export {type PairOf, type PartsOf} from './classic/train-and-test.js';
export {type WordOptions} from './classic/word-sequences.js';
export {
  type BlobsOptions,
  makeBlobs,
  makeCircles,
  makeGaussians,
  makeMoons,
  makeSpirals,
  type SyntheticOptions,
} from './classic/synthetic.js';
