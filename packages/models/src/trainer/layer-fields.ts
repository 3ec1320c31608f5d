import {type AnyLayer} from '@keratin/layers';

// What a model changes itself.
const OWN = new Set(['stopTraining', 'history']);

/** The fields of layers, to find out whether a user set one: the rate of a dropout, an activation. */
export class LayerFields {
  #values: unknown[] = [];

  /** Whether any field is another than at the last call; true at the first. */
  changed(layers: readonly AnyLayer[]): boolean {
    const values = this.#values;
    let at = 0;
    let same = true;
    const next = (value: unknown) => {
      if (at >= values.length || !Object.is(values[at], value)) {
        same = false;
        values[at] = value;
      }
      at += 1;
    };
    for (const layer of layers) {
      next(layer);
      for (const [key, value] of Object.entries(layer) as [string, unknown][]) if (!OWN.has(key)) next(value);
    }
    if (at < values.length) {
      same = false;
      values.length = at;
    }
    return !same;
  }
}
