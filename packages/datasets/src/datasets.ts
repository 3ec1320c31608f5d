/** The classic data sets: `await datasets.mnist.loadData()`. */
export {fashionMnist} from './classic/fashion-mnist.js';
export {mnist} from './classic/mnist.js';
