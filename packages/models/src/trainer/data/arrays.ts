import {type Element, ops, random, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {isPlainObject, mapStructure, show, tensorsIn} from '@keratin/core/internal';
import {type Batch, type BatchIterator, type BatchSource, type TensorStructure} from './batch.js';
import {classWeightsOf, type ClassWeight} from './class-weight.js';
import {countSamples, toTensors} from './convert.js';

/** Data in memory, all arrays with the same number of samples. */
export interface ArrayData {
  readonly x: TensorStructure;
  readonly y: TensorStructure | undefined;
  readonly sampleWeight: TensorStructure | undefined;
  readonly samples: number;
}

/** Checks arrays as a user gave them. */
export function arrayData(
  where: string,
  x: unknown,
  y: unknown,
  sampleWeight: unknown,
  classWeight?: ClassWeight,
): ArrayData {
  const inputs = toTensors(where, 'x', x);
  const targets = y === undefined || y === null ? undefined : toTensors(where, 'y', y);
  let weights =
    sampleWeight === undefined || sampleWeight === null ? undefined : toTensors(where, 'sampleWeight', sampleWeight);
  const samples = countSamples(where, [
    {name: 'x', value: inputs},
    {name: 'y', value: targets},
    {name: 'sampleWeight', value: weights},
  ]);
  weights = weights === undefined ? undefined : spreadWeights(where, targets, weights);
  if (classWeight !== undefined) {
    if (weights !== undefined) throw new ValueError(`${where}: classWeight and sampleWeight cannot be given together`);
    weights = classWeightsOf(where, targets, classWeight);
  }
  return {x: inputs, y: targets, sampleWeight: weights, samples};
}

/** One weight array for several outputs serves each of them. */
function spreadWeights(where: string, y: TensorStructure | undefined, weights: TensorStructure): TensorStructure {
  const single = tensorsIn(weights);
  const isNested = Array.isArray(y) || isPlainObject(y);
  if (!isNested || Array.isArray(weights) || isPlainObject(weights)) return weights;
  const [weight] = single;
  if (weight !== undefined && weight.ndim > 1 && !(weight.ndim === 2 && weight.shape[1] === 1)) {
    throw new ShapeError(
      `${where}: with several outputs one sampleWeight array has one number per sample, got shape ${show(weight.shape)}; give one array per output`,
    );
  }
  return mapStructure(y, () => weight) as TensorStructure;
}

/** Some samples, in order: views, nothing is copied. */
export function sliceSamples(structure: TensorStructure, start: number, size: number): TensorStructure {
  return mapStructure(structure, (leaf) => sliceTensor(leaf as Tensor, start, size)) as TensorStructure;
}

function sliceTensor(tensor: Tensor, start: number, size: number): Tensor {
  const rest = tensor.shape.slice(1) as number[];
  return ops.slice(tensor, [start, ...rest.map(() => 0)], [size, ...rest]);
}

/** The last samples apart from the others, chosen before any shuffle. */
export function splitSamples(where: string, data: ArrayData, validationSplit: number): [ArrayData, ArrayData] {
  const {samples} = data;
  const at = Math.floor(samples * (1 - validationSplit));
  if (at === 0 || at === samples) {
    throw new ValueError(
      `${where}: validationSplit ${String(validationSplit)} of ${String(samples)} samples leaves none on one side`,
    );
  }
  const part = (start: number, size: number): ArrayData => ({
    x: sliceSamples(data.x, start, size),
    y: data.y === undefined ? undefined : sliceSamples(data.y, start, size),
    sampleWeight: data.sampleWeight === undefined ? undefined : sliceSamples(data.sampleWeight, start, size),
    samples: size,
  });
  return [part(0, at), part(at, samples - at)];
}

type Gather = (tensor: Tensor<Element>) => Tensor<Element>;

/** Batches of arrays: slices in order, or gathered by a permutation that is drawn anew in each round. */
export class ArraySource implements BatchSource {
  readonly batches: number;
  readonly #data: ArrayData;
  readonly #batchSize: number;
  readonly #shuffle: boolean | 'batch';
  readonly #structures: Pick<ArrayData, 'x' | 'y' | 'sampleWeight'>;
  readonly #hasRows: boolean;

  constructor(data: ArrayData, batchSize: number, shuffle: boolean | 'batch') {
    this.#data = data;
    this.#batchSize = batchSize;
    this.#shuffle = shuffle;
    this.batches = Math.ceil(data.samples / batchSize);
    const {x, y, sampleWeight} = data;
    this.#structures = {x, y, sampleWeight};
    // Within batches the order is drawn for each of them, and rows with gaps cannot be taken as they lie.
    this.#hasRows = shuffle !== 'batch' && tensorsIn([x, y, sampleWeight]).every(({strides}) => strides === null);
  }

  begin(): BatchIterator {
    const {samples} = this.#data;
    const batchSize = this.#batchSize;
    const order = this.#shuffle === true ? random.permutation(samples) : null;
    let start = 0;
    return {
      next: () => {
        if (start >= samples) return null;
        const size = Math.min(batchSize, samples - start);
        const batch = this.#batch(start, size, order);
        start += size;
        return batch;
      },
      rows: () => {
        const left = this.#hasRows ? Math.floor((samples - start) / batchSize) : 0;
        return left < 1 ? null : {...this.#structures, size: batchSize, first: start, order, left};
      },
      skip: (batches) => {
        start += batches * batchSize;
      },
      close: () => undefined,
    };
  }

  #batch(start: number, size: number, order: Tensor | null): Batch {
    const {x, y, sampleWeight} = this.#data;
    let gather: Gather;
    if (order !== null) {
      const indices = sliceTensor(order, start, size);
      gather = (tensor) => tensor.take(indices, 0);
    } else if (this.#shuffle === 'batch') {
      const indices = random.permutation(size).add(start);
      gather = (tensor) => tensor.take(indices, 0);
    } else if (size === this.#data.samples) {
      gather = (tensor) => tensor;
    } else {
      gather = (tensor) => sliceTensor(tensor as Tensor, start, size);
    }
    return {
      x: gathered(x, gather),
      y: y === undefined ? undefined : gathered(y, gather),
      sampleWeight: sampleWeight === undefined ? undefined : gathered(sampleWeight, gather),
      size,
    };
  }
}

// Almost always one tensor: no walk through structures then.
function gathered(structure: TensorStructure, gather: Gather): TensorStructure {
  const [only] = Array.isArray(structure) || isPlainObject(structure) ? [] : [structure as Tensor<Element>];
  if (only !== undefined) return gather(only);
  return mapStructure(structure, (leaf) => gather(leaf as Tensor<Element>)) as TensorStructure;
}
