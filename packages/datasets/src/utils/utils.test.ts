import {ops, setSeed, tensor} from '@keratin/core';
import {describe, expect, test} from 'vitest';
import {toCategorical} from './to-categorical.js';
import {trainTestSplit} from './train-test-split.js';

describe('toCategorical', () => {
  test('gives rows of zeros with a one at the label', () => {
    expect(toCategorical([0, 2, 1], 4).array()).toEqual([
      [1, 0, 0, 0],
      [0, 0, 1, 0],
      [0, 1, 0, 0],
    ]);
  });

  test('counts the classes itself and drops a trailing axis of one', () => {
    const y = toCategorical(tensor([[1], [0]], 'uint8'));
    expect(y.shape).toEqual([2, 2]);
    expect(y.dtype).toBe('float32');
    expect(y.array()).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  test('refuses labels outside of the classes', () => {
    expect(() => toCategorical([0, 3], 3)).toThrow('toCategorical: labels must be 0 to 2, got 3');
    expect(() => toCategorical([-1, 0], 3)).toThrow('toCategorical: labels must be 0 to 2, got -1');
  });
});

describe('trainTestSplit', () => {
  test('003-5: keeps pairs together and every entry once', () => {
    const x = ops.arange(10).reshape([10, 1]);
    const y = ops.arange(10);
    const [[xTrain, yTrain], [xTest, yTest]] = trainTestSplit([x, y], {testSize: 0.3, seed: 1});
    expect([xTrain.shape, yTrain.shape, xTest.shape, yTest.shape]).toEqual([[7, 1], [7], [3, 1], [3]]);
    expect(xTrain.reshape([7]).array()).toEqual(yTrain.array());
    expect(xTest.reshape([3]).array()).toEqual(yTest.array());
    expect([...yTrain.array(1), ...yTest.array(1)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('is the same for the same seed, and follows setSeed without one', () => {
    const x = ops.arange(50);
    const once = () => trainTestSplit([x], {testSize: 5, seed: 7})[1][0].array();
    expect(once()).toEqual(once());
    const free = () => trainTestSplit([x], {testSize: 5})[1][0].array();
    setSeed(3);
    const first = free();
    expect(free()).not.toEqual(first);
    setSeed(3);
    expect(free()).toEqual(first);
  });

  test('stratified: each part has each class in its share', () => {
    const y = tensor([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1], 'int32');
    const [[train], [rest]] = trainTestSplit([y], {testSize: 3, seed: 2, stratify: y});
    expect(train.array(1).sort()).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1]);
    expect(rest.array(1).sort()).toEqual([0, 0, 1]);
    const names = y.array(1).map((label) => `class ${String(label)}`);
    const [[few], [half]] = trainTestSplit([y], {trainSize: 0.25, testSize: 0.5, stratify: names});
    expect([few.array(1).sort(), half.array(1).sort()]).toEqual([
      [0, 0, 1],
      [0, 0, 0, 0, 1, 1],
    ]);
    const ids = ops.arange(12);
    const once = () => trainTestSplit([ids], {testSize: 4, seed: 9, stratify: y})[1][0].array();
    expect(once()).toEqual(once());
  });

  test('a quarter is for the test, or what trainSize leaves', () => {
    const lengths = (options: object) => trainTestSplit([ops.arange(10)], options).map(([part]) => part.length);
    expect([lengths({}), lengths({trainSize: 0.65}), lengths({trainSize: 2, testSize: 3})]).toEqual([
      [7, 3],
      [6, 4],
      [2, 3],
    ]);
  });

  test('refuses classes that cannot be split', () => {
    const x = ops.arange(4);
    const split = (stratify: number[], options: object = {testSize: 2}) => trainTestSplit([x], {...options, stratify});
    expect(() => split([0, 0, 0, 1])).toThrow('stratify needs at least two entries of each class, 1 has one');
    expect(() => split([0, 0])).toThrow('stratify must have a class for each of 4 entries, got 2');
    expect(() => split([0, 0, 1, 1], {testSize: 1})).toThrow(
      'both parts must have room for 2 classes, got 3 and 1 entries',
    );
    expect(() => split([0, 0, 1, 1], {testSize: 2, shuffle: false})).toThrow('cannot be given with shuffle: false');
    expect(() => trainTestSplit([x], {testSize: 3, trainSize: 2})).toThrow(
      'trainSize and testSize must not be more than 4 entries together, got 2 and 3',
    );
  });

  test('refuses what leaves nothing', () => {
    const x = ops.arange(4);
    expect(() => trainTestSplit([x], {testSize: 4})).toThrow(
      /testSize must be a share in \(0, 1\) or a number of entries below 4/,
    );
    expect(() => trainTestSplit([x, ops.arange(3)], {testSize: 1})).toThrow(
      'trainTestSplit: tensors must have one length, got 4, 3',
    );
  });
});
