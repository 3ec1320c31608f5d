import {inspect} from 'node:util';
import {ops, setSeed, type Shape, tensor, type Tensor, type Variable} from '@keratin/core';
import {maskOf, withMask} from '@keratin/core/internal';
import {Input, InputLayer, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import {beforeEach, describe, expect, test} from 'vitest';
import {Model} from './model.js';
import {Sequential} from './sequential.js';

beforeEach(() => {
  clearSession();
  setSeed(7);
});

const paths = (model: Model<never, unknown>) => model.weights.map(({path}) => path);

describe('Sequential', () => {
  test('with an Input it is built at once', () => {
    const model = new Sequential([Input({shape: [784]}), new layers.Dense(512), new layers.Dense(10)]);
    expect(model.built).toBe(true);
    expect(model.countParams()).toBe(407_050);
    expect(model.layers.map(({name}) => name)).toEqual(['dense', 'dense_1']);
    expect(paths(model)).toEqual([
      'sequential/dense/kernel',
      'sequential/dense/bias',
      'sequential/dense_1/kernel',
      'sequential/dense_1/bias',
    ]);
    expect(model.inputShape).toEqual([null, 784]);
    expect(model.outputShape).toEqual([null, 10]);
    expect(model.inputs[0]?.shape).toEqual([null, 784]);
    expect(model.outputs[0]).toBe(model.getLayer('dense_1').output);
    expect(inspect(model)).toBe('<Sequential name=sequential, built=true>');
  });

  test('layer by layer, and back', () => {
    const model = new Sequential();
    model.add(Input({shape: [4], dtype: 'float32'}));
    model.add(new layers.Dense(3));
    expect(model.built).toBe(true);
    model.add(new layers.Dense(2));
    expect(model.outputShape).toEqual([null, 2]);
    expect(model.pop().name).toBe('dense_1');
    expect(model.outputShape).toEqual([null, 3]);
    model.add(new layers.Dense(5, {name: 'head'}));
    expect(model(ops.ones([2, 4])).shape).toEqual([2, 5]);
    expect(model.getLayer(-1 + 2).name).toBe('head');
    const fresh = new Sequential([new InputLayer({shape: [4]}), new layers.Dense(1)]);
    expect(fresh.built).toBe(true);
  });

  test('without a shape the first call builds it, for any batch size', () => {
    const model = new Sequential([new layers.Dense(3), new layers.Dense(1)]);
    expect(model.built).toBe(false);
    expect(() => model.outputShape).toThrow(/^sequential.outputs: the model is not built yet/);
    expect(() => model.countParams()).toThrow('sequential.countParams: the layer has no weights yet');
    expect(model([[1, 2]] as never).shape).toEqual([1, 1]);
    expect(model.inputShape).toEqual([null, 2]);
    expect(model(ops.ones([5, 2])).shape).toEqual([5, 1]);
    const built = new Sequential([new layers.Dense(3)]);
    built.build([null, 7]);
    expect(built.weights[0]?.shape).toEqual([7, 3]);
  });

  test('models inside models, shared layers', () => {
    const lower = new Sequential([new layers.Dense(3, {inputShape: [2]})], {name: 'lower'});
    const upper = new Sequential([new layers.Dense(1)], {name: 'upper'});
    const model = new Sequential([lower, upper], {name: 'whole'});
    expect(model.built).toBe(true);
    expect(paths(model)).toEqual([
      'lower/dense/kernel',
      'lower/dense/bias',
      'whole/upper/dense_1/kernel',
      'whole/upper/dense_1/bias',
    ]);
    const x = ops.ones([2, 2]);
    expect(model(x).array(2)).toEqual(upper(lower(x)).array(2));
    expect(model.flattenLayers().map(({name}) => name)).toEqual(['whole', 'lower', 'dense', 'upper', 'dense_1']);
    lower.trainable = false;
    expect(model.trainableVariables.length).toBe(2);
    model.trainable = false;
    expect(model.trainableVariables.length).toBe(0);
    expect(model.nonTrainableVariables.length).toBe(4);
  });

  test('custom layers and models; layers that read values are built by the first call', () => {
    class Scale extends layers.Layer {
      declare factor: Variable;
      override build(inputShape: Shape) {
        this.factor = this.addWeight({shape: inputShape.slice(-1), initializer: 'ones', name: 'factor'});
      }
      override call(x: Tensor) {
        return x.mul(this.factor);
      }
    }
    class Reader extends layers.Layer {
      override call(x: Tensor) {
        return x.max().item() > 0 ? x : x.neg();
      }
    }
    const model = new Sequential([Input({shape: [2]}), new Scale(), new Reader(), new layers.Dense(1)]);
    expect(model.weights.length).toBe(1);
    expect(model(ops.ones([3, 2])).shape).toEqual([3, 1]);
    expect(paths(model)).toEqual(['sequential/scale/factor', 'sequential/dense/kernel', 'sequential/dense/bias']);
  });

  test('inputs are cast to the dtype of the Input, masks pass', () => {
    const model = new Sequential([Input({shape: [2]}), new layers.Dense(1, {kernelInitializer: 'ones'})]);
    expect(model(tensor([[1, 2]], 'uint8')).array(2)).toEqual([[3]]);
    expect(model(tensor([[1, 2]], 'float64')).dtype).toBe('float32');
    const steps = new Sequential([Input({shape: [3, 2]}), new layers.Dense(1)]);
    const mask = tensor([[true, true, false]]);
    expect(maskOf(steps(withMask(ops.ones([1, 3, 2]), mask)))).toBe(mask);
    expect(maskOf(steps(ops.ones([1, 3, 2]), {mask}))).toBe(mask);
  });

  test('config and back', () => {
    const inner = new Sequential([new layers.Dense(3, {activation: 'relu'})], {name: 'inner'});
    const model = new Sequential([Input({shape: [2], name: 'x'}), inner, new layers.Dense(1)], {name: 'outer'});
    const config = model.getConfig();
    expect(config).toMatchObject({name: 'outer', trainable: true, build_input_shape: [null, 2]});
    const again = Sequential.fromConfig<Sequential>(JSON.parse(JSON.stringify(config)) as typeof config);
    expect(again.getConfig()).toEqual(config);
    again.setWeights(model.getWeights());
    const x = ops.ones([2, 2]);
    expect(again(x).array(2)).toEqual(model(x).array(2));
    expect(JSON.parse(JSON.stringify(model))).toMatchObject({module: 'keras', class_name: 'Sequential'});
    const unbuilt = new Sequential([new layers.Dense(1)], {name: 'later'});
    expect(Sequential.fromConfig<Sequential>(unbuilt.getConfig()).built).toBe(false);
  });

  test('without layers it gives what it gets', async () => {
    const model = new Sequential().compile({loss: 'mse', metrics: [(t: Tensor, p: Tensor) => t.sub(p).mean(), 'mae']});
    const x = ops.ones([3, 2]);
    const result = await model.evaluate(x, ops.zeros([3, 2]), {verbose: 0});
    expect([result.loss, result[1], result.mae]).toEqual([1, -1, 1]);
    model.add(new layers.Dense(1));
    expect(model(x).shape).toEqual([3, 1]);
    expect(model.weights.length).toBe(2);
  });

  test('a layer that does not fit is not added', () => {
    const model = new Sequential([Input({shape: [4]}), new layers.Dense(3)]);
    expect(() => model.add(new layers.Reshape([5]))).toThrow();
    expect(model.layers.length).toBe(1);
    expect(model(ops.ones([1, 4])).shape).toEqual([1, 3]);
  });
});

describe('Model', () => {
  test('layers in fields, arrays and maps belong to it', () => {
    class Deep extends Model {
      readonly stem = new layers.Dense(4);
      readonly blocks = [new layers.Dense(4), new layers.Dense(4)];
      readonly heads = new Map([['a', new layers.Dense(1)]]);
      private readonly hidden = {inner: new layers.Dense(4)};
      override call(x: Tensor) {
        let y = this.hidden.inner(this.stem(x));
        for (const block of this.blocks) y = block(y);
        return (this.heads.get('a') ?? this.stem)(y);
      }
    }
    const model = new Deep();
    expect(model(ops.ones([2, 3])).shape).toEqual([2, 1]);
    expect(model.layers.length).toBe(5);
    expect(model.name).toBe('deep');
    expect(paths(model)[0]).toBe('deep/dense/kernel');
    expect(model.getLayer('dense_3')).toBe(model.heads.get('a'));
    expect(() => model.getLayer('dens')).toThrow('getLayer: model "deep" has no layer "dens"; did you mean "dense"?');
    expect(() => model.getLayer(9)).toThrow('getLayer: model "deep" has 5 layers, got position 9');
  });

  test('one without call says so', () => {
    expect(() => new Model()(ops.ones([1]))).toThrow(
      /has no call method; a subclass of Model overrides call\(inputs\)$/,
    );
  });

  test('metrics in fields are part of it', async () => {
    const {Mean} = await import('../metrics/index.js');
    class Own extends Model {
      readonly dense = new layers.Dense(1);
      readonly size = new Mean({name: 'size'});
      override call(x: Tensor) {
        return this.dense(x);
      }
      override computeMetrics(data: Parameters<Model['computeMetrics']>[0]) {
        this.size.updateState((data.x as Tensor).abs().mean());
        return super.computeMetrics(data);
      }
    }
    const model = new Own().compile({optimizer: 'sgd', loss: 'mse', metrics: ['mae']});
    const {history} = await model.fit(ops.full([4, 2], 3), ops.ones([4, 1]), {epochs: 2, verbose: 0});
    expect(Object.keys(history)).toEqual(['loss', 'mae', 'size']);
    expect((history as Readonly<Record<string, number[]>>)['size']).toEqual([3, 3]);
    expect(model.metricsNames).toEqual(['loss', 'mae', 'size']);
  });
});
