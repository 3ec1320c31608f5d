import {inspect} from 'node:util';
import {beforeEach, describe, expect, test, vi} from 'vitest';
import {dim, GradientTape, ops, type Shape, tensor, type Tensor, type Variable} from '@keratin/core';
import {isSymbolic, maskOf, originOf, withMask} from '@keratin/core/internal';
import {type Activation, activations, type CallOptions, Input, Layer, type LayerOptions, layers} from '../index.js';
import {clearSession} from '../internal.js';

beforeEach(clearSession);

/** As a user writes one: TypeScript's private fields and parameter properties. */
class SimpleDense extends layers.Layer {
  private w!: Variable;
  private b!: Variable;
  constructor(
    readonly units: number,
    readonly activation?: (x: Tensor) => Tensor,
    options?: LayerOptions,
  ) {
    super(options);
  }
  override build(inputShape: Shape) {
    this.w = this.addWeight({shape: [dim(inputShape, -1), this.units], initializer: 'random_normal', name: 'w'});
    this.b = this.addWeight({shape: [this.units], initializer: 'zeros', name: 'b'});
    super.build(inputShape);
  }
  override call(x: Tensor) {
    const y = x.matmul(this.w).add(this.b);
    return this.activation ? this.activation(y) : y;
  }
}

/** With a declared field and without super.build. */
class Scale extends layers.Layer {
  declare factor: Variable;
  override build(inputShape: Shape) {
    this.factor = this.addWeight({shape: inputShape.slice(-1), initializer: 'ones'});
  }
  override call(x: Tensor) {
    return x.mul(this.factor);
  }
}

class Block extends layers.Layer {
  readonly first = new layers.Dense(3, {name: 'first'});
  readonly rest = [new layers.Dense(2, {name: 'a'}), new layers.Dense(1, {name: 'b'})];
  override call(x: Tensor, {training}: CallOptions) {
    return this.rest.reduce((y, layer) => layer(y, {training}), this.first(x));
  }
}

describe('a layer as an object', () => {
  test('is called like a function and shown as Keras shows it', () => {
    const layer = new layers.Dense(3);
    expect(layer.built).toBe(false);
    expect(inspect(layer)).toBe('<Dense name=dense, built=false>');
    expect(layer(ops.ones([2, 4])).shape).toEqual([2, 3]);
    expect(String(layer)).toBe('<Dense name=dense, built=true>');
    expect(typeof layer).toBe('function');
    expect(layer).toBeInstanceOf(layers.Dense);
    expect(layer).toBeInstanceOf(Layer);
    expect({layer}).toEqual({layer});
    expect(layer).not.toEqual(new layers.Dense(3));
    expect(JSON.parse(JSON.stringify({layer}))).toMatchObject({layer: {class_name: 'Dense', config: {units: 3}}});
    expect(() => Reflect.apply(layers.Dense as never, undefined, [3])).toThrow(/without 'new'/);
  });

  test('fields, parameter properties and private members of subclasses work', () => {
    const layer = new SimpleDense(5, activations.relu);
    expect(layer.units).toBe(5);
    expect(layer(ops.ones([2, 4])).shape).toEqual([2, 5]);
    expect(layer.weights.length).toBe(2);
    expect(new Scale()(tensor([[1, 2]])).array(2)).toEqual([[1, 2]]);
    class Hidden extends layers.Layer {
      readonly #by = 3;
      override call(x: Tensor) {
        return x.mul(this.#by);
      }
    }
    expect(new Hidden()(tensor([2])).array(1)).toEqual([6]);
  });

  test('has the names that Keras gives', () => {
    const names = (make: () => {readonly name: string}) => [make().name, make().name];
    expect(names(() => new layers.Dense(1))).toEqual(['dense', 'dense_1']);
    expect(names(() => new layers.Conv2D(1, 1))).toEqual(['conv2d', 'conv2d_1']);
    expect(names(() => new layers.MaxPool2D())).toEqual(['max_pooling2d', 'max_pooling2d_1']);
    expect(names(() => new SimpleDense(1))).toEqual(['simple_dense', 'simple_dense_1']);
    expect(names(() => new layers.InputLayer({shape: [1]}))).toEqual(['input_layer', 'input_layer_1']);
    clearSession();
    expect(new layers.Dense(1).name).toBe('dense');
    expect(new layers.Dense(1, {name: 'mine'}).name).toBe('mine');
  });

  test('weights have paths, in the order of Keras', () => {
    const block = new Block();
    block(ops.ones([1, 4]));
    expect(block.weights.map(({path}) => path)).toEqual([
      'block/first/kernel',
      'block/first/bias',
      'block/a/kernel',
      'block/a/bias',
      'block/b/kernel',
      'block/b/bias',
    ]);
    expect(block.first.path).toBe('block/first');
    expect(block.countParams()).toBe(15 + 8 + 3);
    const norm = new layers.BatchNormalization();
    norm(ops.ones([2, 3]));
    expect(norm.weights.map(({name}) => name)).toEqual(['gamma', 'beta', 'moving_mean', 'moving_variance']);
  });
});

describe('trainable', () => {
  test('reaches sublayers and never changes the order', () => {
    const block = new Block();
    block(ops.ones([1, 4]));
    const before = block.weights.map(({path}) => path);
    block.first.trainable = false;
    expect(block.trainableWeights.length).toBe(4);
    expect(block.weights.map(({path}) => path)).toEqual(before);
    block.trainable = false;
    expect(block.trainableWeights).toEqual([]);
    expect(block.nonTrainableWeights.length).toBe(6);
    expect(block.rest.every(({trainable}) => !trainable)).toBe(true);
    block.trainable = true;
    expect(block.trainableWeights.length).toBe(6);
  });

  test('does not touch what was never trainable; frozen before it is built stays frozen', () => {
    const norm = new layers.BatchNormalization();
    norm(ops.ones([2, 3]));
    norm.trainable = false;
    norm.trainable = true;
    expect(norm.trainableWeights.map(({name}) => name)).toEqual(['gamma', 'beta']);
    const frozen = new layers.Dense(2, {trainable: false});
    frozen(ops.ones([1, 1]));
    expect(frozen.trainableWeights).toEqual([]);
    expect(frozen.weights.map(({trainable}) => trainable)).toEqual([false, false]);
  });
});

describe('calls', () => {
  test('training: explicit, else the layer around, else false', () => {
    const seen: (boolean | undefined)[] = [];
    class Spy extends layers.Layer {
      override call(x: Tensor, {training}: CallOptions) {
        seen.push(training);
        return x;
      }
    }
    class Around extends layers.Layer {
      readonly spy = new Spy();
      override call(x: Tensor) {
        return this.spy(this.spy(x), {training: false});
      }
    }
    const around = new Around();
    around(ops.ones([1]));
    around(ops.ones([1]), {training: true});
    expect(seen).toEqual([false, false, true, false]);
  });

  test('numbers, typed arrays and other floats become the layer’s dtype; integers stay', () => {
    class Kind extends layers.Layer<unknown, string> {
      override call(x: unknown) {
        return (x as Tensor).dtype;
      }
    }
    const kind = new Kind();
    expect(kind([[1, 2]])).toBe('float32');
    expect(kind(new Float64Array(2))).toBe('float32');
    expect(kind(tensor([1], 'int32'))).toBe('int32');
    expect(kind(tensor([true]))).toBe('bool');
    expect(new Kind({dtype: 'float64'})(ops.ones([1]))).toBe('float64');
  });

  test('mixed precision: half inputs, float32 weights', () => {
    const layer = new layers.Dense(2, {dtype: 'mixed_bfloat16'});
    const y = layer(ops.ones([1, 3]));
    expect(layer.kernel.dtype).toBe('float32');
    expect([layer.dtype, layer.computeDtype, y.dtype]).toEqual(['float32', 'bfloat16', 'bfloat16']);
    expect(layer.getConfig()['dtype']).toMatchObject({config: {name: 'mixed_bfloat16'}});
    const image = ops.ones([1, 4, 4, 2]);
    for (const one of [
      new layers.Conv2D(2, 3, {dtype: 'mixed_float16'}),
      new layers.MaxPool2D(2, {dtype: 'mixed_float16'}),
      new layers.BatchNormalization({dtype: 'mixed_float16'}),
      new layers.LayerNormalization({dtype: 'mixed_float16'}),
    ]) {
      expect(one(image, {training: true}).dtype).toBe('float16');
    }
  });

  test('several tensors, lists and dictionaries', () => {
    class Sum extends layers.Layer<readonly Tensor[]> {
      declare shapes: readonly Shape[];
      override build(shapes: readonly Shape[]) {
        this.shapes = shapes;
        super.build(shapes);
      }
      override call(xs: readonly Tensor[]) {
        return ops.addN(xs);
      }
    }
    const sum = new Sum();
    expect(sum([ops.ones([2]), ops.ones([2])]).array(1)).toEqual([2, 2]);
    expect(sum.shapes).toEqual([[2], [2]]);
    class Named extends layers.Layer<{a: Tensor; b: Tensor}, {sum: Tensor}> {
      override call({a, b}: {a: Tensor; b: Tensor}) {
        return {sum: a.add(b)};
      }
    }
    expect(new Named()({a: ops.ones([1]), b: ops.ones([1])}).sum.array(1)).toEqual([2]);
  });

  test('errors name the layer', () => {
    const dense = new layers.Dense(2, {name: 'd'});
    dense(ops.ones([1, 3]));
    expect(() => dense(ops.ones([1, 4]))).toThrow('d: expects axis -1 of size 3, got inputs (1,4)');
    expect(() => dense(ops.ones([3]))).toThrow('d: expects inputs of rank 2 or more, got inputs (3,)');
    // @ts-expect-error: a layer needs inputs
    expect(() => dense(undefined)).toThrow('d: a layer is called with its inputs, got undefined');
    expect(() => dense(ops.ones([1, 3]), {trainning: true} as CallOptions)).toThrow(
      'd call: unknown option "trainning"; did you mean "training"?',
    );
    expect(() => new layers.Conv2D(1, 3)(ops.ones([1, 4]))).toThrow(
      'conv2d: expects inputs of rank 4, got inputs (1,4)',
    );
    class Slow extends layers.Layer<Tensor, Promise<Tensor>> {
      override call(x: Tensor) {
        return Promise.resolve(x);
      }
    }
    expect(() => new Slow()(ops.ones([1]))).toThrow('slow: call must not be async; it returned a Promise');
  });
});

describe('options', () => {
  test('unknown ones name the nearest', () => {
    expect(() => new layers.Dense(3, {activaton: 'relu'} as object)).toThrow(
      'Dense: unknown option "activaton"; did you mean "activation"?',
    );
    expect(() => new layers.Dense(3, {inputDim: 4} as object)).toThrow(
      'Dense: unknown option "inputDim"; here it is called "inputShape"',
    );
    expect(() => new SimpleDense(3, undefined, {nmae: 'x'} as object)).toThrow(
      'SimpleDense: unknown option "nmae"; did you mean "name"?',
    );
  });

  test('wrong ones are refused before anything is made', () => {
    const cases: readonly [() => unknown, string][] = [
      [() => new layers.Dense(0), 'Dense: units must be a positive integer, got 0'],
      [() => new layers.Dense(2.5), 'Dense: units must be a positive integer, got 2.5'],
      [() => new layers.Dense(2, {name: 'a/b'}), 'Dense: name must be a non-empty string without "/", got "a/b"'],
      [() => new layers.Dense(2, {trainable: 1 as never}), 'Dense: trainable must be a boolean, got 1'],
      [
        () => new layers.Dense(2, {dtype: 'flaot32' as never}),
        'Dense: unknown dtype "flaot32"; did you mean "float32"?',
      ],
      [
        () => new layers.Dense(2, {activation: 'rleu' as Activation}),
        'unknown activation "rleu"; did you mean "relu"?',
      ],
      [() => new layers.Dropout(1.5), 'Dropout: rate must be a number in [0, 1], got 1.5'],
      [() => new layers.Conv2D(4, [3, 0]), 'Conv2D: kernelSize must be a positive integer or 2 of them, got [3, 0]'],
      [
        () => new layers.Conv2D(4, 3, {padding: 'full' as 'same'}),
        'Conv2D: padding must be one of valid, same, got "full"',
      ],
      [
        () => new layers.Conv2D(4, 3, {strides: 2, dilationRate: 2}),
        'Conv2D: strides above 1 and dilationRate above 1 cannot be combined, got (2,2) and (2,2)',
      ],
      [
        () => new layers.Conv2D(3, 3, {groups: 2}),
        'Conv2D: filters must divide into groups, got filters 3 and groups 2',
      ],
      [() => new layers.Reshape([-1, -1]), 'Reshape: targetShape must be a list of sizes with at most one -1'],
      [() => new layers.Embedding(0, 4), 'Embedding: inputDim must be a positive integer, got 0'],
    ];
    for (const [make, message] of cases) expect(make).toThrow(message);
  });
});

describe('losses', () => {
  test('are those of the last call, then penalties of trainable weights', () => {
    class Penalty extends layers.Layer {
      readonly dense = new layers.Dense(1, {
        kernelInitializer: 'ones',
        kernelRegularizer: 'l2',
        activityRegularizer: (y) => y.sum(),
      });
      override call(x: Tensor) {
        const y = this.dense(x);
        this.addLoss(y.mean());
        return y;
      }
    }
    const layer = new Penalty();
    const values = () => layer.losses.map((loss) => loss.item());
    layer(ops.full([2, 3], 2));
    layer(ops.ones([2, 3]));
    expect(values().map((x) => Number(x.toFixed(4)))).toEqual([3, 3, 0.03]);
    layer.dense.trainable = false;
    expect(values().length).toBe(2);
    expect(() => layer.addLoss(3 as never)).toThrow('penalty.addLoss: a tensor is needed, got 3');
  });
});

describe('masks', () => {
  test('pass on where a layer supports them, and a warning says where not', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const embedding = new layers.Embedding(5, 2, {maskZero: true});
    const x = tensor([[1, 0]], 'int32');
    const y = embedding(x);
    expect(maskOf(y)?.array()).toEqual([[true, false]]);
    expect(maskOf(new layers.Dense(3)(y))?.array()).toEqual([[true, false]]);
    expect(warn).not.toHaveBeenCalled();
    const flatten = new layers.Flatten();
    expect(maskOf(flatten(y))).toBeNull();
    flatten(y);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toContain('flatten: the input has a mask, which this layer does not pass on');
    warn.mockRestore();
  });

  test('reach call, by argument or with the tensor, and never change the caller’s tensor', () => {
    const seen: unknown[] = [];
    class Spy extends layers.Layer {
      constructor() {
        super();
        this.supportsMasking = true;
      }
      override call(x: Tensor, {mask}: CallOptions) {
        seen.push(mask?.array());
        return x;
      }
      override computeMask() {
        return tensor([false]);
      }
    }
    const spy = new Spy();
    const x = ops.ones([1, 1]);
    const y = spy(x, {mask: tensor([true])});
    expect(maskOf(y)?.array()).toEqual([false]);
    expect(maskOf(x)).toBeNull();
    spy(withMask(ops.ones([1, 1]), tensor([true])));
    expect(seen).toEqual([[true], [true]]);
  });
});

describe('symbolic tensors', () => {
  test('flow through layers, build them and are remembered', () => {
    const x = Input({shape: [28, 28, 1], name: 'image'});
    expect(x.shape).toEqual([null, 28, 28, 1]);
    const conv = new layers.Conv2D(4, 3, {strides: 2, padding: 'same'});
    const pooled = new layers.MaxPool2D(3)(conv(x));
    const flat = new layers.Flatten()(new layers.BatchNormalization()(pooled));
    const y = new layers.Dropout(0.5)(new layers.Dense(10)(flat));
    expect([pooled.shape, flat.shape, y.shape]).toEqual([
      [null, 4, 4, 4],
      [null, 64],
      [null, 10],
    ]);
    expect(isSymbolic(y)).toBe(true);
    expect(conv.built).toBe(true);
    expect(conv.input).toBe(x);
    const origin = originOf(pooled);
    expect(origin?.tensorIndex).toBe(0);
    expect(() => y.array()).toThrow('a symbolic tensor');
    expect(Input({shape: [null], dtype: 'int32', batchSize: 4}).shape).toEqual([4, null]);
    expect(() => new layers.Dense(2).output).toThrow(
      'dense_1.output: the layer was never called on a symbolic tensor (see Input)',
    );
  });

  test('several open sizes', () => {
    const x = Input({shape: [null, 3]});
    expect(new layers.Flatten()(x).shape).toEqual([null, null]);
    expect(new layers.LayerNormalization()(x).shape).toEqual([null, null, 3]);
    expect(new layers.Dense(2)(x).shape).toEqual([null, null, 2]);
    expect(new layers.Reshape([3, -1])(x).shape).toEqual([null, 3, null]);
    expect(new layers.Conv1D(2, 3, {padding: 'causal'})(x).shape).toEqual([null, null, 2]);
    expect(new layers.GlobalAveragePooling1D()(x).shape).toEqual([null, 3]);
    expect(new layers.Embedding(3, 2)(Input({shape: [null], dtype: 'int32'})).shape).toEqual([null, null, 2]);
  });

  test('computeOutputShape runs call, or is asked where call needs a size', () => {
    expect(new Block().computeOutputShape([null, 4])).toEqual([null, 1]);
    class Needs extends layers.Layer {
      override call(x: Tensor) {
        return x.reshape([x.dim(0) * 2]);
      }
      override computeOutputShape(): Shape {
        return [null];
      }
    }
    expect(new Needs()(Input({shape: [2]})).shape).toEqual([null]);
  });

  test('wrong shapes', () => {
    expect(() => Input({})).toThrow('Input: one of shape and batchShape is needed');
    expect(() => Input({shape: [2.5]})).toThrow('Input: a shape is a list of sizes (null where open), got [2.5]');
    expect(() => Input({shape: [2], batchsize: 3} as never)).toThrow('did you mean "batchSize"?');
    expect(() => new layers.Conv2D(2, 5)(Input({shape: [3, 3, 1]}))).toThrow(
      'conv2d: a window of (5,5) does not fit inputs (None,3,3,1)',
    );
  });
});

test('gradients reach the weights of nested layers', () => {
  const block = new Block();
  const x = tensor([[1, 2, 3, 4]]);
  block(x);
  const tape = new GradientTape();
  const loss = tape.record(() => block(x, {training: true}).square().sum());
  const gradients = tape.gradient(loss, [...block.trainableVariables]);
  expect(gradients.map(({shape}) => shape)).toEqual(block.trainableVariables.map(({shape}) => shape));
});
