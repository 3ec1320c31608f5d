// A layer of one's own (003-3): LayerNormalization with addWeight, compared with the built-in one on Fashion-MNIST.
import {
  type CallOptions,
  datasets,
  type LayerOptions,
  layers,
  losses,
  ops,
  random,
  registerKerasSerializable,
  setSeed,
  type Shape,
  type Tensor,
  tensor,
  type Variable,
} from 'keratin';
import {budget, check, checkNear} from './support/check.js';

class LayerNormalization extends layers.Layer {
  declare alpha: Variable;
  declare beta: Variable;

  constructor(options: LayerOptions = {}) {
    super(options);
  }

  override build(inputShape: Shape) {
    this.alpha = this.addWeight({shape: inputShape.slice(-1), initializer: 'ones', name: 'alpha'});
    this.beta = this.addWeight({shape: inputShape.slice(-1), initializer: 'zeros', name: 'beta'});
    super.build(inputShape);
  }

  override call(x: Tensor, _options: CallOptions) {
    const [mean, variance] = ops.moments(x, {axes: -1, keepdims: true});
    return this.alpha
      .mul(x.sub(mean))
      .div(ops.sqrt(variance.add(0.001)))
      .add(this.beta);
  }

  override computeOutputShape(inputShape: Shape) {
    return inputShape;
  }
}
registerKerasSerializable(LayerNormalization, {package: 'Examples'});

setSeed(42);
const mine = new LayerNormalization({name: 'mine', dtype: 'float32'});
const builtIn = new layers.LayerNormalization({axis: -1, epsilon: 0.001});

// Rows [0, 10], [20, 30], ... give -0.99998 and 0.99998; a row of zeros gives zeros.
const rows = mine(ops.arange(10).reshape([5, 2]).mul(10).cast('float32'));
console.log(rows);
checkNear('rows [0, 10]: first', rows.at(0, 0).item(), -0.99998, 1e-6);
checkNear('rows [0, 10]: second', rows.at(0, 1).item(), 0.99998, 1e-6);
checkNear('a row of zeros', ops.max(ops.abs(mine(tensor([[0, 0]])))).item(), 0, 0);

const {
  train: [images],
} = await datasets.fashionMnist.loadData();
const x = images.at(`:${budget(60000, 6000)}`).cast('float32');
const wide = new LayerNormalization();
const meanAbsoluteError = () => ops.mean(losses.meanAbsoluteError(wide(x), builtIn(x))).item();

const before = meanAbsoluteError();
console.log(`mean absolute error ${before.toExponential(2)}`);
check('mean absolute error', before, {below: 1e-6});

const weights = [random.uniform([x.dim(-1)]), random.uniform([x.dim(-1)])];
wide.setWeights(weights);
builtIn.setWeights(weights);
const after = meanAbsoluteError();
console.log(`mean absolute error with random alpha and beta ${after.toExponential(2)}`);
check('mean absolute error with random alpha and beta', after, {below: 1e-6});
