// A loss, a metric, a layer and a model of one's own (003-2): made, trained, saved, loaded, and trained on.
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {
  type CallOptions,
  type Config,
  dim,
  type LayerOptions,
  layers,
  loadModel,
  Loss,
  type LossOptions,
  Metric,
  type MetricOptions,
  Model,
  ops,
  optimizers,
  random,
  registerKerasSerializable,
  setSeed,
  type Shape,
  type Tensor,
  type Variable,
} from 'keratin';
import {check, checkNear} from './support/check.js';

/** Quadratic near zero, linear beyond `threshold`. */
class MyHuber extends Loss {
  readonly threshold: number;
  constructor({threshold = 1, ...options}: LossOptions & {threshold?: number | undefined} = {}) {
    super(options);
    this.threshold = threshold;
  }
  override call(yTrue: Tensor, yPred: Tensor) {
    const error = yTrue.sub(yPred);
    const size = ops.abs(error);
    const linear = size.mul(this.threshold).sub(this.threshold ** 2 / 2);
    return ops.where(size.less(this.threshold), error.square().div(2), linear);
  }
  override getConfig(): Config {
    return {...super.getConfig(), threshold: this.threshold};
  }
}

/** The mean of {@link MyHuber} over all samples so far. */
class MyHuberMetric extends Metric {
  readonly threshold: number;
  readonly loss: MyHuber;
  readonly total: Variable;
  readonly count: Variable;
  constructor({threshold = 1, ...options}: MetricOptions & {threshold?: number | undefined} = {}) {
    super({name: 'my_huber', ...options});
    this.threshold = threshold;
    this.loss = new MyHuber({threshold, reduction: 'sum'});
    this.total = this.addVariable({name: 'total'});
    this.count = this.addVariable({name: 'count'});
  }
  override updateState(yTrue: Tensor, yPred: Tensor) {
    this.total.assignAdd(this.loss(yTrue, yPred));
    this.count.assignAdd(yPred.size);
  }
  override result() {
    return this.total.div(this.count);
  }
  override getConfig(): Config {
    return {...super.getConfig(), threshold: this.threshold};
  }
}

/** A dense layer with a gate: `act(x W + b) * sigmoid(x G)`. */
class GatedDense extends layers.Layer {
  readonly units: number;
  declare kernel: Variable;
  declare gate: Variable;
  declare bias: Variable;
  constructor({units, ...options}: LayerOptions & {units: number}) {
    super(options);
    this.units = units;
  }
  override build(inputShape: Shape) {
    const shape = [dim(inputShape, -1), this.units];
    this.kernel = this.addWeight({shape, initializer: 'glorot_normal', name: 'kernel'});
    this.gate = this.addWeight({shape, initializer: 'glorot_normal', name: 'gate'});
    this.bias = this.addWeight({shape: [this.units], initializer: 'zeros', name: 'bias'});
    super.build(inputShape);
  }
  override call(x: Tensor) {
    return ops.relu(x.matmul(this.kernel).add(this.bias)).mul(ops.sigmoid(x.matmul(this.gate)));
  }
  override getConfig(): Config {
    return {...super.getConfig(), units: this.units};
  }
}

/** Predicts a number, and is told to rebuild its inputs on the way: that is a loss of its own. */
class ReconstructingRegressor extends Model {
  readonly units: number;
  readonly hidden: GatedDense;
  readonly head: layers.Dense;
  readonly dropout = new layers.Dropout(0.05);
  declare rebuild: layers.Dense;
  constructor({units, ...options}: LayerOptions & {units: number}) {
    super(options);
    this.units = units;
    this.hidden = new GatedDense({units});
    this.head = new layers.Dense(1);
  }
  override build(inputShape: Shape) {
    this.rebuild = new layers.Dense(dim(inputShape, -1));
    super.build(inputShape);
  }
  override call(x: Tensor, {training}: CallOptions) {
    const hidden = this.dropout(this.hidden(x), {training});
    this.addLoss(ops.mean(this.rebuild(hidden).sub(x).square()).mul(0.05));
    return this.head(hidden);
  }
  override getConfig(): Config {
    return {...super.getConfig(), units: this.units};
  }
}

for (const cls of [MyHuber, MyHuberMetric, GatedDense, ReconstructingRegressor]) {
  registerKerasSerializable(cls, {package: 'Examples'});
}

setSeed(42);
const x = random.normal([600, 6]);
const y = ops.sin(x.at(':', ':1')).add(x.at(':', '1:2').mul(x.at(':', '2:3')));
const data = {validationData: [x.at('500:'), y.at('500:')], epochs: 10, batchSize: 32, verbose: 0} as const;

const model = new ReconstructingRegressor({units: 48}).compile({
  optimizer: new optimizers.Nadam(0.01),
  loss: new MyHuber({threshold: 2}),
  metrics: [new MyHuberMetric({threshold: 2}), 'mae'],
});
const {history} = await model.fit(x.at(':500'), y.at(':500'), data);
model.summary();
const first = history.loss[0] ?? NaN;
const last = history.loss.at(-1) ?? NaN;
check('the loss falls to a part of the first one', last / first, {below: 0.6});
const result = await model.evaluate(x, y, {verbose: 0});
// The loss is that of compile and what the model adds.
check('the added loss', result.loss - (result['my_huber'] ?? NaN), {above: 0});

const folder = await mkdtemp(join(tmpdir(), 'keratin-custom-'));
try {
  await model.save(join(folder, 'custom.keras'));
  const again = await loadModel(join(folder, 'custom.keras'));
  checkNear('the same predictions', ops.max(ops.abs(again(x).sub(model(x)))).item(), 0, 0);
  const {loss, my_huber: huber = NaN} = await again.evaluate(x, y, {verbose: 0});
  checkNear('the same loss', loss, result.loss, 1e-6);
  checkNear('the same metric', huber, result['my_huber'] ?? NaN, 1e-6);
  // The optimizer goes on where it stood.
  checkNear('steps of the optimizer', Number(again.optimizer?.iterations.item()), 160, 0);
  const {history: more} = await again.fit(x.at(':500'), y.at(':500'), data);
  check('the loss falls further', (more['loss']?.at(-1) ?? NaN) / last, {below: 1});
} finally {
  await rm(folder, {recursive: true});
}
