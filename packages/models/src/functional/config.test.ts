import {type Config, ops, type Tensor} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import {beforeEach, describe, expect, test} from 'vitest';
import {Model} from '../model/model.js';
import {readGolden} from '../testing/golden.js';
import {modelFromJson} from './json.js';

beforeEach(clearSession);

interface Case {
  readonly id: string;
  readonly model_json?: string;
}

const known = (json: string) =>
  [...json.matchAll(/"module": "keras.layers", "class_name": "(\w+)"/g)].every(([, name = '']) => name in layers);

/** Models that real Keras wrote, all of whose layers are here. */
const written = ['summary', 'training']
  .flatMap((suite) => readGolden<Case>(suite).cases.map((c) => ({...c, id: `${suite} ${c.id}`})))
  .filter((c): c is Required<Case> => c.model_json?.includes('"Functional"') === true && known(c.model_json));

/** What a model was compiled with is written elsewhere. */
function withoutCompile(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCompile);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'compile_config');
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutCompile(entry)]));
}

describe('configs of Keras are read and written again as they were', () => {
  test('there are some', () => {
    expect(written.length).toBeGreaterThanOrEqual(12);
  });
  test.each(written)('$id', ({model_json: json}) => {
    const model = modelFromJson(json);
    expect(withoutCompile(JSON.parse(model.toJson()))).toEqual(withoutCompile(JSON.parse(json)));
    expect(JSON.stringify(model)).toBe(model.toJson());
  });
});

describe("models of one's own", () => {
  const data = ops.arange(8).reshape([2, 4]);
  const models: [string, () => Model<Tensor, unknown>][] = [
    [
      'shared layers at several depths',
      () => {
        const x = Input({shape: [4]});
        const [a, b] = [new layers.Dense(4), new layers.Dense(4)];
        return new Model({inputs: x, outputs: a(b(a(b(x))))});
      },
    ],
    [
      'a model that is called twice, with operations between',
      () => {
        const x = Input({shape: [4]});
        const inner = new Model({inputs: x, outputs: new layers.Dense(4)(x), name: 'inner'});
        const q = Input({shape: [4]});
        const first = inner(q);
        return new Model({inputs: q, outputs: {first, second: inner(first.at(':', '::-1').mul(ops.ones([1, 4])))}});
      },
    ],
    [
      'from the middle of another model on',
      () => {
        const x = Input({shape: [4]});
        const hidden = new layers.Dense(4)(new layers.Dense(4)(x));
        const middle = hidden.add(1);
        return new Model({inputs: middle, outputs: [new layers.Dense(2)(middle), middle]});
      },
    ],
    [
      'masks and arguments by name',
      () => {
        const x = Input({shape: [4]});
        const vectors = new layers.Embedding(9, 3, {maskZero: true})(x.cast('int32'));
        return new Model({inputs: x, outputs: new layers.GlobalAveragePooling1D()(new layers.Dropout(0.5)(vectors, {training: true}))}); // prettier-ignore
      },
    ],
    [
      'operations of every form of argument',
      () => {
        const x = Input({shape: [4]});
        const padded = ops.pad(ops.where(x.greater(2), x, 0), [[0, 0], [1, 1]], {constantValues: 7}); // prettier-ignore
        const y = ops.concatenate([padded, ops.einsum('ij,jk->ik', x, ops.ones([4, 2]))], 1);
        return new Model({inputs: x, outputs: [ops.max(y, {axis: 1, keepdims: true}), ops.split(y, 2, 1)]});
      },
    ],
  ];
  test.each(models)('%s', (_, make) => {
    const model = make();
    const again = modelFromJson(model.toJson());
    expect(again.toJson()).toBe(model.toJson());
    again.setWeights(model.getWeights());
    const values = (y: unknown) => JSON.stringify(y);
    expect(values(again(data, {training: false}))).toBe(values(model(data, {training: false})));
  });

  test("a class of one's own is made again by its constructor options", () => {
    class Own extends Model {}
    const x = Input({shape: [4]});
    const model = new Own({inputs: x, outputs: new layers.Dense(1)(x), name: 'mine', trainable: false});
    const again = modelFromJson(model.toJson(), {customObjects: {Own}});
    expect(again).toBeInstanceOf(Own);
    expect([again.name, again.trainable, again(data).shape]).toEqual(['mine', false, [2, 1]]);
  });

  test('calls as Keras 2 wrote them', () => {
    const layer = (class_name: string, config: Config, inbound_nodes: unknown) => ({
      class_name,
      config,
      name: config['name'],
      inbound_nodes,
    });
    const config = {
      name: 'older',
      layers: [
        layer('InputLayer', {batch_shape: [null, 4], dtype: 'float32', name: 'x'}, []),
        layer('Dense', {name: 'd', units: 4, use_bias: false}, [[['x', 0, 0, {}]]]),
        layer('Add', {name: 'sum'}, [[['x', 0, 0, {}], ['d', 0, 0, {}]]]), // prettier-ignore
      ],
      input_layers: [['x', 0, 0]],
      output_layers: [['sum', 0, 0]],
    };
    const model = Model.fromConfig(config) as Model<readonly [Tensor], readonly [Tensor]>;
    expect(model([data])[0].shape).toEqual([2, 4]);
  });
});

describe('configs that are wrong', () => {
  const whole = () => {
    const x = Input({shape: [4], name: 'x'});
    return new Model({inputs: x, outputs: new layers.Dense(1, {name: 'd'})(x)});
  };
  const changed = (from: string, to: string) => () => modelFromJson(whole().toJson().replace(from, to));
  test.each([
    ['no JSON', () => modelFromJson('{'), 'modelFromJson: the text is no JSON'],
    ['no text', () => modelFromJson(3 as never), 'modelFromJson: text is needed, got 3'],
    ['no node', () => modelFromJson('[]'), 'modelFromJson: a config node is a dictionary with class_name and config'],
    ['a layer', () => modelFromJson(JSON.stringify(new layers.Flatten())), 'describes no model but a Flatten'],
    [
      'layers that are none',
      changed('"layers":[', '"layers":3,"other":['),
      'has layers, input_layers and output_layers',
    ],
    ['an unknown layer', changed('"keras_history":["x",0,0]', '"keras_history":["y",0,0]'), 'a call needs layer "y"'],
    [
      'a call that is not there',
      changed('"keras_history":["x",0,0]', '"keras_history":["x",1,0]'),
      'the calls of "d" need',
    ],
    ['a loop', changed('"keras_history":["x",0,0]', '"keras_history":["d",0,0]'), 'the calls of "d" need each other'],
    [
      'no history',
      changed('"keras_history":["x",0,0]', '"keras_history":7'),
      'a tensor is [layer, call, output], got 7',
    ],
    [
      'outputs of nothing',
      changed('"output_layers":["d",0,0]', '"output_layers":["d",4,0]'),
      'names a call that is not there',
    ],
    [
      'outputs that are none',
      changed('"output_layers":["d",0,0]', '"output_layers":7'),
      'are lists of [layer, call, output]',
    ],
    [
      'a call of a wrong form',
      changed('"inbound_nodes":[{', '"inbound_nodes":[3,{'),
      'a call has args and kwargs, got 3',
    ],
    ['__proto__', () => modelFromJson('{"class_name":"A","config":{"__proto__":1}}'), 'not allowed'],
  ] as [string, () => unknown, string][])('%s', (_, run, sentence) => {
    expect(run).toThrow(sentence);
  });
});
