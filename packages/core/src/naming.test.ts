import {beforeEach, expect, test} from 'vitest';
import {autoName, resetNames, toSnakeCase, uniqueName} from './naming.js';

beforeEach(resetNames);

test.each([
  ['Conv2D', 'conv2d'],
  ['MaxPooling2D', 'max_pooling2d'],
  ['LSTM', 'lstm'],
  ['ReLU', 're_lu'],
  ['PReLU', 'p_re_lu'],
  ['RMSprop', 'rm_sprop'],
  ['AdamW', 'adam_w'],
  ['BatchNormalization', 'batch_normalization'],
  ['AUC', 'auc'],
])('%s is named %s', (name, snake) => {
  expect(toSnakeCase(name)).toBe(snake);
});

test('names are numbered from the second on', () => {
  expect([autoName('Dense'), autoName('Dense'), uniqueName('dense')]).toEqual(['dense', 'dense_1', 'dense_2']);
  resetNames();
  expect(autoName('Dense')).toBe('dense');
});
