import {type Config, type CustomObjects, ops, type Shape, type Tensor, ValueError} from '@keratin/core';
import {
  constructFrom,
  describe,
  deserializeKerasObject,
  flattenStructure,
  serializeKerasObject,
} from '@keratin/core/internal';
import {Layer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';
import {type RecurrentCell, type States, type StateSize} from './cell.js';

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are callable: see Layer
export interface StackedRNNCells {
  (x: Tensor, states: readonly States[], options?: CallOptions): [output: Tensor, states: States[]];
}

/** Cells one above the other, as one cell: each takes what the one below gives. Its states are a list with those of each cell. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export class StackedRNNCells extends Layer<never, unknown> implements RecurrentCell {
  static override readonly positional = ['cells'];
  readonly cells: readonly RecurrentCell[];

  constructor(cells: readonly RecurrentCell[], options: LayerOptions = {}) {
    super(options);
    const given: unknown = cells;
    const valid = Array.isArray(given) && given.length > 0;
    const wrong: unknown = valid ? given.find((cell) => !(cell instanceof Layer) || !('stateSize' in cell)) : given;
    if (!valid || wrong !== undefined) {
      throw new ValueError(
        `StackedRNNCells: cells must be a list of layers with a stateSize each, got ${describe(wrong)}`,
      );
    }
    this.cells = [...cells];
  }

  get stateSize(): readonly StateSize[] {
    return this.cells.map(({stateSize}) => stateSize);
  }

  get outputSize(): number {
    return sizeOf(this.cells.at(-1));
  }

  getInitialState(batchSize: number): States {
    return this.cells.map((cell) => {
      if (cell.getInitialState !== undefined) return cell.getInitialState(batchSize);
      const zeros = (size: StateSize): States =>
        typeof size === 'number' ? (ops.zeros([batchSize, size], cell.computeDtype) as Tensor) : size.map(zeros);
      return zeros(cell.stateSize);
    });
  }

  override build(inputShape: never): void {
    let shape: Shape = inputShape;
    for (const cell of this.cells) {
      if (!cell.built) cell.build(shape as never);
      shape = [shape[0] ?? null, sizeOf(cell)];
    }
    super.build(inputShape);
  }

  override call(...args: readonly unknown[]): unknown {
    const [inputs, states, {training}] = args as [Tensor, readonly States[], CallOptions];
    let x = inputs;
    const next = this.cells.map((cell, i) => {
      const before = states[i];
      const list = Array.isArray(before) ? before : [before];
      const [output, after] = cell(x as never, list as never, {training}) as readonly [Tensor, States];
      x = output;
      return Array.isArray(after) && after.length === 1 && !Array.isArray(before) ? (after[0] as States) : after;
    });
    return [x, next];
  }

  /** @internal */
  override getBuildConfig(): Config | null {
    const shape = this.buildShapes?.[0];
    return shape === undefined ? null : {input_shape: shape};
  }

  override getConfig(): Config {
    return {...super.getConfig(), cells: this.cells.map((cell) => serializeKerasObject(cell) as Config)};
  }

  static override fromConfig<T>(
    this: (abstract new (...args: never[]) => T) & {readonly positional?: readonly string[]},
    config: Config,
    customObjects?: CustomObjects,
  ): T {
    const options = customObjects === undefined ? {} : {customObjects};
    // The stack builds them, so that their weights have their paths.
    const cells = (config['cells'] as readonly Config[]).map(({build_config: _, ...node}) =>
      deserializeKerasObject(node, options),
    );
    return constructFrom(this, this.positional ?? [], {...config, cells}) as T;
  }
}

/** The size of what a cell gives. */
function sizeOf(cell: RecurrentCell | undefined): number {
  if (cell === undefined) return 0;
  return cell.outputSize ?? (flattenStructure(cell.stateSize)[0] as number);
}
