import {ops, tensor, type Tensor} from '@keratin/core';
import {describe, expect, test} from 'vitest';
import {layers} from '../../index.js';

// Where Keras 3.15.1 moves the boxes of an image of height 8 and width 12.

type Batch = layers.ImageBatch;
type Boxes = readonly (readonly number[])[];

const BOXES = [
  [2, 1, 7, 5],
  [0, 0, 12, 8],
  [3, 2, 4, 3],
];
const xyxy = {boundingBoxFormat: 'xyxy'} as const;

interface Case {
  readonly layer: (inputs: Batch, options: {readonly training: boolean}) => Batch;
  readonly boxes: Boxes;
  readonly labels?: readonly number[];
}

const CASES: Readonly<Record<string, Case>> = {
  'translation out of the image, where a label gets lost': {
    layer: new layers.RandomTranslation<Batch>([-0.5, -0.5], [0.5, 0.5], xyxy),
    boxes: [
      [8, 0, 12, 1],
      [6, 0, 12, 4],
      [9, 0, 10, 0],
    ],
    labels: [1, 2, -1],
  },
  'rotation by a tenth of a turn': {
    layer: new layers.RandomRotation<Batch>([0.1, 0.1], xyxy),
    boxes: [
      [1.199, 0.596, 7.595, 6.771],
      [0, 0, 12, 8],
      [2.596, 3.168, 3.993, 4.565],
    ],
  },
  'rotation by a quarter of a turn': {
    layer: new layers.RandomRotation<Batch>([-0.25, -0.25], xyxy),
    boxes: [
      [4, 0, 8, 5],
      [1, 0, 9, 8],
      [6, 1, 7, 2],
    ],
  },
  zoom: {
    layer: new layers.RandomZoom<Batch>([0.3, 0.3], {widthFactor: [-0.2, -0.2], ...xyxy}),
    boxes: [
      [1.125, 1.577, 7.375, 4.654],
      [0, 0.808, 12, 6.962],
      [2.375, 2.346, 3.625, 3.115],
    ],
  },
  'resizing with a border': {
    layer: new layers.Resizing<Batch>(5, 13, {padToAspectRatio: true, ...xyxy}),
    boxes: [
      [3.25, 0.625, 6.375, 3.125],
      [2, 0, 9.5, 5],
      [3.875, 1.25, 4.5, 1.875],
    ],
  },
  'resizing of the middle': {
    layer: new layers.Resizing<Batch>(5, 13, {cropToAspectRatio: true, ...xyxy}),
    boxes: [
      [2.167, 0.083, 7.583, 4.417],
      [0, 0, 13, 5],
      [3.25, 1.167, 4.333, 2.25],
    ],
  },
};

function expectNear(actual: Tensor | undefined, expected: Boxes): void {
  expect(ops.max(ops.abs(ops.subtract(actual ?? 0, [expected]))).item()).toBeLessThan(1e-3);
}

describe('boxes move as in Keras', () => {
  test.each(Object.entries(CASES))('%s', (_, {layer, boxes, labels = [1, 2, 3]}) => {
    const boundingBoxes = {boxes: tensor([BOXES]), labels: tensor([[1, 2, 3]])};
    const done = layer({images: ops.ones([1, 8, 12, 3]), boundingBoxes}, {training: true});
    expectNear(done.boundingBoxes?.boxes, boxes);
    expect(done.boundingBoxes?.labels.array()).toEqual([labels]);
  });

  test('in centres and relative sizes', () => {
    const layer = new layers.RandomTranslation<Batch>([0.25, 0.25], [-0.2, -0.2], {
      boundingBoxFormat: 'rel_center_xywh',
    });
    const boxes = tensor([[[0.375, 0.375, 5 / 12, 0.5]]]);
    const images = ops.ones([1, 8, 12, 3]);
    const done = layer({images, boundingBoxes: {boxes, labels: tensor([[1]])}}, {training: true});
    expectNear(done.boundingBoxes?.boxes, [[0.19167, 0.625, 0.38333, 0.5]]);
  });
});
