import {isTensor, type TensorLike} from '@keratin/core';
import {convert, tensorsIn} from '@keratin/core/internal';
import {type Graph} from './graph.js';

/** Options that hold data beside x and y. */
interface WithData {
  readonly validationData?: unknown;
  readonly sampleWeight?: unknown;
}

/** Tells lists of plain arrays, one for each input or output of a functional model, apart from one array. */
export class DataForms {
  readonly #graph: Graph | null;

  constructor(graph: Graph | null) {
    this.#graph = graph;
  }

  inputs(where: string, x: unknown): unknown {
    return separated(this.#graph?.inputStructure, x, `${where}: x`);
  }

  targets(where: string, y: unknown, name = 'y'): unknown {
    return separated(this.#graph?.outputStructure, y, `${where}: ${name}`);
  }

  options<T extends WithData>(where: string, options: T | undefined): T | undefined {
    if (this.#graph === null || options === undefined) return options;
    const {validationData: data, sampleWeight} = options;
    const separate = ([x, y, ...weights]: readonly unknown[]): unknown => [
      this.inputs(where, x),
      this.targets(where, y),
      ...weights.map((weight) => this.targets(where, weight, 'sampleWeight')),
    ];
    return {
      ...options,
      ...(Array.isArray(data) ? {validationData: separate(data)} : {}),
      ...(sampleWeight === undefined ? {} : {sampleWeight: this.targets(where, sampleWeight, 'sampleWeight')}),
    };
  }
}

function separated(structure: unknown, value: unknown, where: string): unknown {
  if (!Array.isArray(structure) || !Array.isArray(value)) return value;
  if (structure.length !== value.length || structure.length < 2) return value;
  return value.map((entry: unknown, i): unknown => {
    if (isTensor(entry) || ArrayBuffer.isView(entry) || !Array.isArray(entry)) return entry;
    if (!isTensor(structure[i]) || tensorsIn(entry).length > 0) return entry;
    return convert(entry as TensorLike, undefined, `${where}[${String(i)}]`);
  });
}
