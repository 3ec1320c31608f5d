import {type Tensor} from '@keratin/core';
import {idxTensor} from '../files/idx.js';
import {type DatasetSource, loadFile} from '../files/source.js';

/** Inputs and labels. */
export type Pair = readonly [x: Tensor, y: Tensor];

/** Both halves of a data set, by name or by position: `{train: [x, y], test}` and `[[x, y], test]`. */
export type TrainAndTest = {readonly train: Pair; readonly test: Pair} & readonly [train: Pair, test: Pair];

const FILES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;

export type Checksums = Readonly<Record<(typeof FILES)[number], string>>;

/** A data set of four idx files, as MNIST is published. */
export function idxDataset(source: DatasetSource, checksums: Checksums): {loadData: () => Promise<TrainAndTest>} {
  return {
    async loadData() {
      const [xTrain, yTrain, xTest, yTest] = await Promise.all(
        FILES.map(async (name) => {
          const {bytes, path} = await loadFile(source, {name, sha256: checksums[name]});
          return idxTensor(bytes, path);
        }),
      );
      return trainAndTest([xTrain, yTrain], [xTest, yTest]);
    },
  };
}

function trainAndTest(train: readonly (Tensor | undefined)[], test: readonly (Tensor | undefined)[]): TrainAndTest {
  const halves: [Pair, Pair] = [pair(train), pair(test)];
  return Object.assign(halves, {train: halves[0], test: halves[1]});
}

function pair([x, y]: readonly (Tensor | undefined)[]): Pair {
  if (x === undefined || y === undefined) throw new Error('internal: a data set of four files gave fewer');
  return [x, y];
}
