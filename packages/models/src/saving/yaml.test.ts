import {Input, layers} from '@keratin/layers';
import {expect, test} from 'vitest';
import {Sequential} from '../model/sequential.js';
import {modelFromYaml} from './yaml.js';

test('a model goes into YAML and back', () => {
  const model = new Sequential([Input({shape: [3]}), new layers.Dense(2, {activation: 'relu'})], {name: 'y'});
  const text = model.toYaml();
  expect(text).toContain('class_name: Sequential');
  const again = modelFromYaml(text);
  expect(again.getConfig()).toEqual(model.getConfig());
  expect(again.built).toBe(true);
});

test.each([
  ['a: [1', 'the text is no YAML'],
  ['just words', 'the text describes no model but "just words"'],
  ['a: &x [1]\nb: *x', 'the text is no YAML: Alias resolution is disabled'],
  ['class_name: Nothing\nmodule: keras\nconfig: {}', '"Nothing" of module "keras" is not known'],
  ['__proto__: {a: 1}\nclass_name: x', 'the config key "__proto__" is not allowed'],
])('%j is refused', (text, message) => {
  expect(() => modelFromYaml(text)).toThrow(message);
});
