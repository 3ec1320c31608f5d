// 08-mnist-mlp.ts without TensorBoard.
import {
  Sequential,
  Model,
  layers,
  optimizers,
  losses,
  metrics,
  callbacks,
  datasets,
  random,
  loadModel,
  modelFromJson,
  modelFromYaml,
  type Callback,
  type Tensor,
  type Logs,
} from 'keratin';
const [[trainImages, trainLabels], [testImages, testLabels]] = await datasets.mnist.loadData();
const x = trainImages
    .reshape([trainImages.length, 28 * 28])
    .cast('float32')
    .div(255),
  xt = testImages
    .reshape([testImages.length, 28 * 28])
    .cast('float32')
    .div(255);
const model = new Sequential([
  new layers.Dense(512, {activation: 'relu'}),
  new layers.Dense(10, {activation: 'softmax'}),
]).compile({optimizer: 'rmsprop', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy']});
const {history} = await model.fit(x, trainLabels, {epochs: 5, batchSize: 128});
const last: number | undefined = history.accuracy.at(-1);
console.log(history.loss[0], last);
const order = random.permutation(x.length),
  nVal = Math.floor(0.3 * x.length);
const xs = x.at(order),
  ys = trainLabels.at(order);
class Stop extends callbacks.Callback {
  override async onEpochEnd(epoch: number, logs: Logs) {
    if ((logs['val_accuracy'] ?? 0) > 0.99) this.model.stopTraining = true;
    await Promise.resolve(epoch);
  }
}
const cbs: Callback[] = [
  new callbacks.ModelCheckpoint('best.keras', {monitor: 'val_loss', saveBestOnly: true}),
  new callbacks.EarlyStopping({monitor: 'val_loss', patience: 3}),
  new callbacks.LearningRateScheduler((e, lr) => (e < 3 ? lr : lr * 0.9)),
  new Stop(),
];
const run = await model.fit(xs.at(`${nVal}:`), ys.at(`${nVal}:`), {
  epochs: 5,
  batchSize: 128,
  validationData: [xs.at(`:${nVal}`), ys.at(`:${nVal}`)],
  callbacks: cbs,
});
console.log(run.history.val_accuracy.at(-1)?.toFixed(4), run.history.val_loss.length);
const {loss, accuracy} = await model.evaluate(xt, testLabels, {batchSize: 128});
const [l, a] = await model.evaluate(xt, testLabels);
console.log(loss.toFixed(4), accuracy.toFixed(4), l.toFixed(4), a.toFixed(4));
const p = await model.predict(xt, {batchSize: 128});
const direct = model(xt.at(':10'));
p.print();
console.log(direct.shape);
const byObject = new Sequential([new layers.Dense(10)]).compile({
  optimizer: new optimizers.RMSprop({learningRate: 1e-4}),
  loss: new losses.SparseCategoricalCrossentropy(),
  metrics: [new metrics.SparseCategoricalAccuracy({name: 'sca'}), new metrics.SparseCategoricalAccuracy()],
});
const e3 = await new Sequential()
  .compile({loss: 'mse', metrics: [(t: Tensor, q: Tensor) => t.sub(q).mean(), 'mae']})
  .evaluate(xt, xt);
console.log(e3.mae.toFixed(), e3[1].toFixed());
const e2 = await byObject.evaluate(xt, testLabels);
console.log(e2.sca, e2.sparse_categorical_accuracy, e2[2]);
await model.save('m.keras');
const back: Model = await loadModel('m.keras');
await model.saveWeights('w.weights.h5');
await back.loadWeights('w.weights.h5');
modelFromJson(model.toJson());
modelFromYaml(model.toYaml());
