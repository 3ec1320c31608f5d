import {ops, type Tensor} from '@keratin/core';

/** How a bounding box is written: corners or a centre, in pixels or (`rel_`) in parts of the image. */
export const BOX_FORMATS = [
  'xyxy',
  'yxyx',
  'xywh',
  'center_xywh',
  'center_yxhw',
  'rel_xyxy',
  'rel_yxyx',
  'rel_xywh',
  'rel_center_xywh',
] as const;

/** One of Keras's formats of bounding boxes. */
export type BoxFormat = (typeof BOX_FORMATS)[number];

/** Height and width of images. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

type Quad = [Tensor, Tensor, Tensor, Tensor];

/** The four columns of boxes (..., 4). */
export const columnsOf = (boxes: Tensor): Quad => [0, 1, 2, 3].map((i) => boxes.at('...', i).expandDims(-1)) as Quad;

/** Boxes of four columns. */
export const boxesOf = (columns: readonly Tensor[]): Tensor => ops.concatenate(columns, -1);

/** Boxes as corners [x1, y1, x2, y2] in pixels. */
export function toCorners(boxes: Tensor, format: BoxFormat, {height, width}: ImageSize): Tensor {
  const scaled = format.startsWith('rel_');
  const [a, b, c, d] = columnsOf(boxes);
  const corners = ((): Quad => {
    switch (format) {
      case 'xyxy':
      case 'rel_xyxy':
        return [a, b, c, d];
      case 'yxyx':
      case 'rel_yxyx':
        return [b, a, d, c];
      case 'xywh':
      case 'rel_xywh':
        return [a, b, a.add(c), b.add(d)];
      case 'center_xywh':
      case 'rel_center_xywh':
        return [a.sub(c.div(2)), b.sub(d.div(2)), a.add(c.div(2)), b.add(d.div(2))];
      case 'center_yxhw':
        return [b.sub(d.div(2)), a.sub(c.div(2)), b.add(d.div(2)), a.add(c.div(2))];
    }
  })();
  return boxesOf(scaled ? corners.map((column, i) => column.mul(i % 2 === 0 ? width : height)) : corners);
}

/** Corners in pixels as boxes of a format. */
export function fromCorners(corners: Tensor, format: BoxFormat, {height, width}: ImageSize): Tensor {
  const scaled = format.startsWith('rel_');
  const columns = columnsOf(corners);
  const [x1, y1, x2, y2] = scaled
    ? (columns.map((column, i) => column.div(i % 2 === 0 ? width : height)) as Quad)
    : columns;
  const [w, h] = [x2.sub(x1), y2.sub(y1)];
  switch (format) {
    case 'xyxy':
    case 'rel_xyxy':
      return boxesOf([x1, y1, x2, y2]);
    case 'yxyx':
    case 'rel_yxyx':
      return boxesOf([y1, x1, y2, x2]);
    case 'xywh':
    case 'rel_xywh':
      return boxesOf([x1, y1, w, h]);
    case 'center_xywh':
    case 'rel_center_xywh':
      return boxesOf([x1.add(w.div(2)), y1.add(h.div(2)), w, h]);
    case 'center_yxhw':
      return boxesOf([y1.add(h.div(2)), x1.add(w.div(2)), h, w]);
  }
}

/** Corners within the image. */
export function clipped(corners: Tensor, {height, width}: ImageSize): Tensor {
  return boxesOf(columnsOf(corners).map((column, i) => column.clip(0, i % 2 === 0 ? width : height)));
}

/** The areas of corners (..., 4): (...). */
export function areas(corners: Tensor): Tensor {
  const [x1, y1, x2, y2] = columnsOf(corners);
  return x2.sub(x1).mul(y2.sub(y1)).squeeze(-1);
}

/** The boxes around the four corners of each box (n, k, 4) after a projection of points. */
export function around(corners: Tensor, move: (x: Tensor, y: Tensor) => readonly [Tensor, Tensor]): Tensor {
  const [x1, y1, x2, y2] = columnsOf(corners);
  const points = [move(x1, y1), move(x2, y1), move(x2, y2), move(x1, y2)];
  const [xs, ys] = [
    ops.concatenate(
      points.map(([x]) => x),
      -1,
    ),
    ops.concatenate(
      points.map(([, y]) => y),
      -1,
    ),
  ];
  const least = (values: Tensor) => ops.min(values, {axis: -1, keepdims: true});
  const most = (values: Tensor) => ops.max(values, {axis: -1, keepdims: true});
  return boxesOf([least(xs), least(ys), most(xs), most(ys)]);
}
