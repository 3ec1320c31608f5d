import {ops, setSeed, tensor, type Tensor} from '@keratin/core';
import {maskOf} from '@keratin/core/internal';
import {type AnyLayer, Input, InputLayer, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import {beforeEach, describe, expect, expectTypeOf, test} from 'vitest';
import {Functional, Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';

beforeEach(() => {
  clearSession();
  setSeed(11);
});

const names = (list: readonly {readonly name: string}[]) => list.map(({name}) => name);
const values = (x: unknown) => (x as Tensor).array();

describe('inputs and outputs', () => {
  test('one tensor, lists, dictionaries and nested ones', () => {
    const a = Input({shape: [2], name: 'a'});
    const b = Input({shape: [2], name: 'b'});
    const sum = a.add(b);
    const x = tensor([[1, 2]]);
    const y = tensor([[10, 20]]);

    const one = new Model({inputs: a, outputs: a.mul(2)});
    expectTypeOf(one(x)).toEqualTypeOf<Tensor>();
    expect(values(one(x))).toEqual([[2, 4]]);
    expect(one.inputShape).toEqual([null, 2]);

    const list = new Model({inputs: [a, b], outputs: [sum, a]});
    expectTypeOf(list([x, y])).toEqualTypeOf<readonly [Tensor, Tensor]>();
    expect(list([x, y]).map(values)).toEqual([[[11, 22]], [[1, 2]]]);
    expect(list.outputShape).toEqual([
      [null, 2],
      [null, 2],
    ]);
    // By the names of the Inputs too.
    expect(list({b: y, a: x, other: y} as never).map(values)).toEqual([[[11, 22]], [[1, 2]]]);

    const byName = new Model({inputs: {a, b}, outputs: {sum, first: a}});
    expectTypeOf(byName({a: x, b: y})).toEqualTypeOf<{readonly sum: Tensor; readonly first: Tensor}>();
    expect(values(byName({b: y, a: x}).sum)).toEqual([[11, 22]]);
    // A list has the order of the sorted names.
    expect(values((byName([x, y] as never) as {first: Tensor}).first)).toEqual([[1, 2]]);

    const nested = new Model({inputs: {pair: [a, b]}, outputs: [{sum}]});
    expect(values(nested({pair: [x, y]})[0].sum)).toEqual([[11, 22]]);
    expect(nested.computeOutputShape({pair: [[5, 2], [5, 2]]} as never)).toEqual([{sum: [5, 2]}]); // prettier-ignore

    const single = new Model({inputs: [a], outputs: [a.mul(3)]});
    expect(values(single([x])[0])).toEqual([[3, 6]]);
    expect(values((single(x as never) as readonly Tensor[])[0])).toEqual([[3, 6]]);
  });

  test('plain arrays, other dtypes and a missing last axis are taken as Keras takes them', () => {
    const ids = Input({shape: [null], dtype: 'int32', name: 'ids'});
    const image = Input({shape: [2, 2, 1], name: 'image'});
    const model = new Model({inputs: [ids, image], outputs: [ids, image]});
    const [i, p] = model([[[1, 2, 3]], [[[1, 2], [3, 4]]]] as never); // prettier-ignore
    expect([i.dtype, i.shape, p.dtype, p.shape]).toEqual(['int32', [1, 3], 'float32', [1, 2, 2, 1]]);
    const [, half] = model([
      tensor([[1]], 'uint8'),
      tensor(
        [
          [
            [[1], [2]],
            [[3], [4]],
          ],
        ],
        'float64',
      ),
    ]);
    expect(half.dtype).toBe('float32');
  });

  test('pass-through inputs and branches that no output needs', () => {
    const x = Input({shape: [3]});
    const unused = Input({shape: [1], name: 'unused'});
    const hidden = new layers.Dense(2, {name: 'used'})(x);
    new layers.Dense(5, {name: 'side'})(hidden);
    const model = new Model({inputs: [x, unused], outputs: [x, hidden]});
    expect(names(model.layers)).toEqual(['input_layer', 'unused', 'used']);
    expect(model([ops.ones([4, 3]), ops.ones([4, 1])])[1].shape).toEqual([4, 2]);
  });

  test('an input that is optional may be left out', () => {
    class Maybe extends layers.Layer<readonly (Tensor | null)[]> {
      override call([x, y]: readonly (Tensor | null)[]) {
        if (x === null || x === undefined) throw new Error('no x');
        return y === null || y === undefined ? x : x.add(y);
      }
    }
    const x = Input({shape: [1], name: 'x'});
    const extra = new InputLayer({shape: [1], name: 'extra', optional: true}).output as Tensor;
    const model = new Model({inputs: [x, extra], outputs: new Maybe()([x, extra])});
    expect(values(model([tensor([[2]]), tensor([[3]])]))).toEqual([[5]]);
    expect(values(model([tensor([[2]]), null] as never))).toEqual([[2]]);
    expect(() => model([null, tensor([[2]])] as never)).toThrow('functional: the input "x" is not optional, got null');
  });
});

describe('layers', () => {
  test('order and names are those of Keras', () => {
    const x = Input({shape: [4]});
    const a = new layers.Dense(4, {activation: 'relu'})(x);
    const b = new layers.Dense(4)(a);
    const joined = new layers.Add()([x, b]);
    const model = new Model({inputs: x, outputs: ops.relu(joined.mul(2).add(1))});
    expect(model.name).toBe('functional');
    expect(model).toBeInstanceOf(Functional);
    expect(String(model)).toBe('<Functional name=functional, built=true>');
    expect(names(model.operations)).toEqual(['input_layer', 'dense', 'dense_1', 'add', 'multiply', 'add_1', 'relu']);
    expect(names(model.layers)).toEqual(['input_layer', 'dense', 'dense_1', 'add']);
    expect(model.weights.map(({path}) => path)).toEqual([
      'dense/kernel',
      'dense/bias',
      'dense_1/kernel',
      'dense_1/bias',
    ]);
  });

  test('shared layers have their weights once', () => {
    const a = Input({shape: [2]});
    const b = Input({shape: [2]});
    const shared = new layers.Dense(1);
    const model = new Model({inputs: [a, b], outputs: shared(a).sub(shared(b))});
    expect(model.weights).toHaveLength(2);
    expect(shared.nodes).toHaveLength(2);
    const x = ops.ones([3, 2]);
    expect(values(model([x, x]))).toEqual([[0], [0], [0]]);
  });

  test('models inside models, called twice; frozen parts', () => {
    const x = Input({shape: [4]});
    const inner = new Model({inputs: x, outputs: new layers.Dense(4, {name: 'inside'})(x), name: 'inner'});
    const stack = new Sequential([new layers.Dense(4, {name: 'stacked'})], {name: 'stack'});
    const q = Input({shape: [4]});
    const model = new Model({inputs: q, outputs: inner(stack(inner(q)))});
    expect(names(model.layers)).toEqual(['input_layer_1', 'inner', 'stack']);
    const data = ops.ones([2, 4]);
    expect(values(model(data))).toEqual(values(inner(stack(inner(data)))));
    expect(model.trainableVariables).toHaveLength(4);
    inner.trainable = false;
    expect(model.trainableVariables.map(({path}) => path)).toEqual(['stack/stacked/kernel', 'stack/stacked/bias']);
    expect(names(model.flattenLayers())).toContain('inside');
  });

  test('a layer that gives its input back keeps its place', () => {
    const x = Input({shape: [2]});
    const model = new Model({inputs: x, outputs: new layers.Dropout(0.5)(new layers.Activation('linear')(x))});
    expect(names(model.layers)).toEqual(['input_layer', 'activation', 'dropout']);
  });

  test('a thousand layers deep', () => {
    let x = Input({shape: [1]});
    const first = x;
    for (let i = 0; i < 1000; i++) x = x.add(1);
    const model = new Model({inputs: first, outputs: x});
    expect(values(model(tensor([[0]])))).toEqual([[1000]]);
    expect(model.operations).toHaveLength(1001);
  });

  test('a subclass may give inputs and outputs to its base', () => {
    class Doubler extends Model {
      constructor() {
        const x = Input({shape: [1]});
        super({inputs: x, outputs: x.mul(2)});
      }
    }
    const model = new Doubler();
    expect(model.name).toBe('doubler');
    expect(model.constructor).toBe(Doubler);
    expect(values(model(tensor([[4]])))).toEqual([[8]]);
  });
});

describe('other models of the same layers', () => {
  const whole = () => {
    const x = Input({shape: [4], name: 'x'});
    const hidden = new layers.Dense(3, {name: 'hidden', activation: 'relu'});
    const head = new layers.Dense(2, {name: 'head'});
    return {hidden, head, model: new Model({inputs: x, outputs: head(hidden(x))})};
  };
  const data = tensor([[1, -2, 3, 4]]);

  test('up to a layer in the middle', () => {
    const {hidden, model} = whole();
    const features = new Model({inputs: model.inputs[0], outputs: model.getLayer('hidden').output as Tensor});
    expect(values(features(data))).toEqual(values(hidden(data)));
    const all = new Model({inputs: model.input as Tensor, outputs: [hidden.output as Tensor, model.output as Tensor]});
    expect(all(data).map(({shape}) => shape)).toEqual([
      [1, 3],
      [1, 2],
    ]);
  });

  test('from a tensor in the middle on, with an Input in its place', () => {
    const {hidden, head, model} = whole();
    const rest = new Model({inputs: hidden.output as Tensor, outputs: model.output as Tensor});
    expect(names(rest.layers)).toEqual(['hidden_input', 'head']);
    expect(rest.inputShape).toEqual([null, 3]);
    const between = hidden(data);
    expect(values(rest(between))).toEqual(values(head(between)));
    // The layers go on in the first model as they were.
    expect(values(model(data))).toEqual(values(head(hidden(data))));
    expect(head.nodes).toHaveLength(1);
    const config = rest.getConfig() as {input_layers: unknown; layers: {inbound_nodes: unknown[]}[]};
    expect(config.input_layers).toEqual(['hidden_input', 0, 0]);
    expect(config.layers.map(({inbound_nodes: nodes}) => nodes.length)).toEqual([0, 1]);
    expect(values(rest(between))).toEqual(values(rest(between)));
  });

  test('new outputs on top of an old one', () => {
    const {model} = whole();
    const longer = new Model({inputs: model.inputs[0], outputs: new layers.Dense(5)(model.outputs[0] as Tensor)});
    expect(longer(data).shape).toEqual([1, 5]);
    expect(longer.weights).toHaveLength(6);
  });
});

describe('running', () => {
  test('training reaches every layer; what the model is told comes before what a call was told', () => {
    const x = Input({shape: [100]});
    const always = new Model({inputs: x, outputs: new layers.Dropout(0.5)(x, {training: true})});
    const never = new Model({inputs: x, outputs: new layers.Dropout(0.5)(x, {training: false})});
    const usual = new Model({inputs: x, outputs: new layers.Dropout(0.5)(x)});
    const ones = ops.ones([1, 100]);
    const drops = (y: Tensor) => y.min().item() === 0;
    // As Keras 3 does it.
    expect([drops(always(ones)), drops(never(ones)), drops(usual(ones))]).toEqual([true, false, false]);
    const told = {training: true};
    expect([drops(always(ones, told)), drops(never(ones, told)), drops(usual(ones, told))]).toEqual([true, true, true]);
    const not = {training: false};
    expect([drops(always(ones, not)), drops(never(ones, not)), drops(usual(ones, not))]).toEqual([false, false, false]);
  });

  test('masks pass through, and are arguments of the layers that use them', () => {
    const ids = Input({shape: [3], dtype: 'int32', name: 'ids'});
    const vectors = new layers.Embedding(5, 2, {maskZero: true})(ids);
    const pooled = new layers.GlobalAveragePooling1D()(vectors);
    const model = new Model({inputs: ids, outputs: [vectors, pooled]});
    expect(names(model.operations)).toEqual(['ids', 'embedding', 'not_equal', 'global_average_pooling1d']);
    const [y, mean] = model(tensor([[4, 0, 0]], 'int32'));
    const mask = maskOf(y);
    expect(mask?.array()).toEqual([[true, false, false]]);
    expect(values(mean)).toEqual(values(y.at(':', 0)));
    const node = JSON.stringify((model.getConfig() as {layers: unknown[]}).layers[3]);
    expect(node).toContain('"mask":{"class_name":"__keras_tensor__","config":{"shape":[null,3],"dtype":"bool"');
  });

  test('a mask given by hand', () => {
    const x = Input({shape: [2, 1]});
    const model = new Model({inputs: x, outputs: new layers.GlobalAveragePooling1D()(x)});
    const mask = tensor([[true, false]]);
    expect(values(model(tensor([[[1], [5]]]), {mask}))).toEqual([[1]]);
    expect(values(model(tensor([[[1], [5]]])))).toEqual([[3]]);
  });

  test('operations of several outputs', () => {
    const x = Input({shape: [4]});
    const [low, high] = ops.split(x, 2, 1);
    if (low === undefined || high === undefined) throw new Error('no parts');
    const model = new Model({inputs: x, outputs: high.sub(low)});
    expect(values(model(tensor([[1, 2, 10, 20]])))).toEqual([[9, 18]]);
  });
});

describe('mistakes are named', () => {
  const x = () => Input({shape: [2], name: 'x'});
  const dense = (name: string) => new layers.Dense(1, {name});
  const both = () => {
    const [a, b] = [x(), Input({shape: [1], name: 'y'})];
    return new Model({inputs: [a, b], outputs: dense('d')(a).add(b)});
  };
  const dict = () => {
    const [left, right] = [x(), Input({shape: [2], name: 'y'})];
    return new Model({inputs: {left, right}, outputs: left.add(right)});
  };
  const t = ops.ones([1, 2]);
  const cases: [string, () => unknown, string][] = [
    [
      'an input that is missing',
      () => new Model({inputs: x(), outputs: dense('d')(Input({shape: [2], name: 'z'}))}),
      'Model: layer "d" needs the Input "z" of shape (None,2), which is not among the inputs: Input "x" of shape (None,2)',
    ],
    [
      'an output that is an Input of nobody',
      () => new Model({inputs: x(), outputs: Input({shape: [2], name: 'z'})}),
      'Model: the outputs have Input "z" of shape (None,2), which the inputs do not lead to: Input "x" of shape (None,2)',
    ],
    [
      'two layers of one name',
      () => {
        const a = x();
        return new Model({inputs: a, outputs: dense('same')(dense('same')(a))});
      },
      'Model: two layers have the name "same"; names must be unique, give one {name: ...}',
    ],
    [
      'a tensor with a value as input',
      () => new Model({inputs: t, outputs: x()}),
      'Model: inputs must be symbolic tensors, got a Tensor of shape (1,2); make them with Input({shape})',
    ],
    [
      'a tensor with a value as output',
      () => new Model({inputs: x(), outputs: t}),
      'Model: outputs must be symbolic tensors, got a Tensor of shape (1,2); they come from calling layers on what Input gave',
    ],
    [
      'a layer as output',
      () => new Model({inputs: x(), outputs: dense('d') as never}),
      'Model: outputs must be symbolic tensors, or lists and objects of them, got a Dense; give layer.output or what the layer gave',
    ],
    ['no inputs', () => new Model({inputs: [] as never, outputs: x()}), 'Model: inputs are empty, got []'],
    [
      'outputs alone',
      () => new Model({outputs: x()}),
      'Model: inputs must be symbolic tensors, or lists and objects of them, got undefined',
    ],
    [
      'an input twice',
      () => {
        const a = x();
        return new Model({inputs: [a, a], outputs: a});
      },
      'Model: the inputs have Input "x" of shape (None,2) twice',
    ],
    ['too few inputs', () => both()([t] as never), 'functional: expects a list of 2 inputs (x, y), got 1'],
    ['one tensor for two', () => both()(t as never), 'functional: expects a list of 2 inputs (x, y), got a Tensor'],
    ['a wrong name', () => both()({x: t, z: t} as never), 'functional: expects inputs by the names x, y, got x, z'],
    [
      'a missing name',
      () => dict()({left: t} as never),
      'functional: expects inputs by the names left, right, got left',
    ],
    [
      'a name too many',
      () => dict()({left: t, right: t, top: t} as never),
      'functional: expects inputs by the names left, right, got left, right, top',
    ],
    [
      'a wrong shape',
      () => both()([ops.ones([1, 3]), t]),
      'functional: the input "x" must have shape (None,2), got (1,3)',
    ],
    ['a wrong rank', () => both()([ops.ones([2]), t]), 'functional: the input "x" must have shape (None,2), got (2,)'],
    ['a list for one input', () => both()([[t, t], t] as never), 'functional: the input "x" is one tensor, got'],
    ['the value of a symbolic tensor', () => dense('d')(x()).array(), 'a symbolic tensor'],
    [
      'a layer that is not there',
      () => both().getLayer('dd'),
      'getLayer: model "functional" has no layer "dd"; did you mean "d"?',
    ],
    [
      'inputs of a model that has none',
      () => new (class Own extends Model {})().inputs,
      'own.inputs: only models made of symbolic inputs and outputs know them beforehand',
    ],
    [
      'an unknown option',
      () => new Model({input: x()} as never),
      'Model: unknown option "input"; did you mean "inputs"?',
    ],
  ];
  test.each(cases)('%s', (_, run, sentence) => {
    expect(run).toThrow(sentence);
  });

  test('types follow the structures', () => {
    const a = x();
    // @ts-expect-error a dictionary is wanted
    expect(() => new Model({inputs: {a}, outputs: a})([t, t])).toThrow();
    const layersOfModel: readonly AnyLayer[] = new Model({inputs: a, outputs: a}).layers;
    expect(layersOfModel).toHaveLength(1);
  });
});
