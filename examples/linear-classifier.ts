// A linear classifier from scratch (004-3): two clouds of points, one product, forty steps of gradient descent, and a picture of
// the points with the line that was found.
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parse, View} from 'vega';
import {compile, type TopLevelSpec} from 'vega-lite';
import {GradientTape, ops, random, setSeed, type Tensor, Variable} from 'keratin';
import {check} from './support/check.js';

setSeed(42);
const samples = 1000;
const covariance = [
  [1, 0.5],
  [0.5, 1],
];
const inputs = ops.vstack([
  random.multivariateNormal([0, 3], covariance, samples),
  random.multivariateNormal([3, 0], covariance, samples),
]);
const targets = ops.vstack([ops.zeros([samples, 1]), ops.ones([samples, 1])]);

const W = new Variable(random.uniform([2, 1]), {name: 'W'});
const b = new Variable(ops.zeros([1]), {name: 'b'});
const learningRate = 0.1;

const predict = (x: Tensor) => x.matmul(W).add(b);
const squareLoss = (y: Tensor, p: Tensor) => ops.mean(y.sub(p).square());

function trainingStep(x: Tensor, y: Tensor): number {
  const tape = new GradientTape();
  const loss = tape.record(() => squareLoss(y, predict(x)));
  const [dW, db] = tape.gradient(loss, [W, b]);
  W.assignSub(dW.mul(learningRate));
  b.assignSub(db.mul(learningRate));
  return loss.item();
}

let loss = NaN;
for (let step = 0; step < 40; step++) {
  loss = trainingStep(inputs, targets);
  if (step % 10 === 9) console.log(`loss at step ${step + 1}: ${loss.toFixed(4)}`);
}
const isOne = predict(inputs).greater(0.5).cast('float32');
const accuracy = ops.mean(ops.equal(isOne, targets).cast('float32')).item();

// W0 x + W1 y + b = 0.5
const [w0, w1, bias] = [W.at(0, 0).item(), W.at(1, 0).item(), b.at(0).item()];
const boundary = (x: number) => (-w0 / w1) * x + (0.5 - bias) / w1;

const points = inputs.array(2).map(([px = 0, py = 0], i) => ({x: px, y: py, cloud: i < samples ? '0' : '1'}));
const spec: TopLevelSpec = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  title: 'Two clouds and the boundary that was learned',
  width: 480,
  height: 360,
  layer: [
    {
      data: {values: points},
      mark: {type: 'point', size: 12, filled: true, opacity: 0.6},
      encoding: {
        x: {field: 'x', type: 'quantitative'},
        y: {field: 'y', type: 'quantitative'},
        color: {field: 'cloud', type: 'nominal'},
      },
    },
    {
      data: {values: [-1, 4].map((at) => ({x: at, y: boundary(at)}))},
      mark: {type: 'line', color: 'black', strokeWidth: 2},
      encoding: {x: {field: 'x', type: 'quantitative'}, y: {field: 'y', type: 'quantitative'}},
    },
  ],
};
const svg = await new View(parse(compile(spec).spec), {renderer: 'none'}).toSVG();
const folder = fileURLToPath(new URL('output', import.meta.url));
await mkdir(folder, {recursive: true});
const path = join(folder, 'linear-classifier.svg');
await writeFile(path, svg);
console.log(`y = ${(-w0 / w1).toFixed(3)} x + ${((0.5 - bias) / w1).toFixed(3)}, drawn in ${path}`);

check('loss after 40 steps', loss, {below: 0.035});
check('accuracy', accuracy, {above: 0.99});
