import {type ConfigNode, deserializeKerasObject, ops, type Tensor} from '@keratin/core';
import {layers} from '@keratin/layers';
import {describe, expect, test} from 'vitest';
import {Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';
import {readGolden} from '../testing/golden.js';

interface Case {
  readonly id: string;
  readonly model_json: string;
  readonly built: boolean;
  readonly kwargs: {
    readonly line_length?: number;
    readonly expand_nested?: boolean;
    readonly show_trainable?: boolean;
    readonly layer_range?: [string, string];
  };
  readonly columns: number;
  readonly prepare: string | null;
  readonly text: string;
}

const {cases} = readGolden<Case>('summary');
const lacking = ({model_json: json}: Case): string[] => {
  const classes = [...json.matchAll(/"module": "keras.layers", "class_name": "(\w+)"/g)].map(([, name]) => name ?? '');
  return [...new Set(classes.filter((name) => !(name in layers)))];
};
const present = cases.filter((c) => lacking(c).length === 0);

function modelOf(json: string): Model<Tensor, unknown> {
  const made = deserializeKerasObject(JSON.parse(json) as ConfigNode);
  if (made instanceof Model) return made as Model<Tensor, unknown>;
  throw new Error('no model');
}

function textOf(model: Model<never, unknown>, options: Parameters<Sequential['summary']>[0] = {}): string {
  let text = '';
  model.summary({...options, printFn: (all) => (text += all)});
  return text;
}

describe('the text is that of Keras', () => {
  test.each(present)('$id', ({model_json: json, kwargs, columns, prepare, text}) => {
    const model = modelOf(json);
    const graph = model.graph !== null;
    if (prepare?.startsWith('m.layers[0]') === true) model.getLayer(0).trainable = false;
    else if (prepare?.startsWith('compile(') === true) {
      const optimizer = prepare.includes('SGD')
        ? new optimizers.SGD({momentum: 0.9})
        : prepare.includes('adam')
          ? 'adam'
          : 'rmsprop';
      model.compile({optimizer, loss: 'mse'});
      if (prepare.includes('one fit step')) {
        const shape = (given: unknown) => (given as readonly (number | null)[]).map((n) => n ?? 2);
        model.trainOnBatch(ops.ones(shape(model.inputShape)), ops.ones(shape(model.outputShape)));
      }
    }
    const drawn = textOf(model, {
      lineLength: kwargs.line_length ?? Math.min(kwargs.show_trainable === true ? 100 : graph ? 108 : 88, columns - 4),
      expandNested: kwargs.expand_nested,
      showTrainable: kwargs.show_trainable,
      layerRange: kwargs.layer_range,
    });
    // Keras cuts lines at the width of the terminal, also where a longer line was asked for; here they stay whole.
    const cut = drawn.split('\n').map((line) => line.slice(0, columns));
    expect(cut.join('\n')).toBe(text);
  });

  test('all models', () => {
    const absent = cases.filter((c) => lacking(c).length > 0).map(({id}) => id);
    expect(absent).toEqual([]);
  });
});

test('a subclassed model shows the layers in its fields', () => {
  class Two extends Model {
    readonly hidden = new layers.Dense(3, {name: 'hidden'});
    readonly head = new layers.Dense(1, {name: 'head'});
    constructor() {
      super({name: 'two'});
    }
  }
  const model = new Two();
  expect(textOf(model, {lineLength: 76})).toContain(
    '│ hidden (Dense)                  │ ?                      │   0 (unbuilt) │',
  );
  model.hidden(ops.ones([1, 2]));
  model.head(ops.ones([1, 3]));
  const text = textOf(model, {lineLength: 76});
  expect(text).toContain('│ hidden (Dense)                  │ (1, 3)                 │             9 │');
  expect(text).toContain(' Total params: 13 (52.00 B)\n');
});

test('wrong options are named', () => {
  const model = new Sequential([new layers.Dense(1, {inputShape: [2], name: 'a'})]);
  expect(() => textOf(model, {layerRange: ['a', 'b']})).toThrow('summary: layerRange names "b", the layers are a');
  expect(() => model.summary({line_length: 3} as never)).toThrow('summary: unknown option "line_length"');
  expect(() => textOf(model, {positions: [1]})).toThrow('summary: positions must be three numbers');
});
