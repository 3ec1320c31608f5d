import {type Element} from '../../dtype.js';
import {isRecording} from '../../engine/recording.js';
import {type TensorLike} from '../convert.js';
import {Tensor} from '../tensor.js';
import {type Variable} from '../variable.js';
import {type Plan} from './plan.js';
import {takeAt} from './take.js';
import {putAt, type PutMode} from './put.js';

/**
 * A part of a Variable, as `variable.at(...)` gives it: a tensor of the elements chosen, with methods that write them back.
 *
 * As a tensor it has the values of the moment when it was made (after an `assign` through it, those of its next use).
 *
 * @example
 * v.at(0, 1).assign(42);
 * v.at(':', 2).assignAdd([1, 1]);
 */
export class VariableView<E extends Element = number> extends Tensor<E> {
  readonly #variable: Variable<E>;
  readonly #plan: Plan;
  #value: Tensor<E> | null = null;

  /** @internal */
  constructor(variable: Variable<E>, plan: Plan) {
    super(plan.shape, variable.dtype, null, null, 0);
    this.#variable = variable;
    this.#plan = plan;
    this.#forget();
    // A tape has to see the reading where it stands.
    if (isRecording()) this.held();
    else variable.unread.add(this);
  }

  /** Sets the elements; a value of fewer axes is broadcast. Returns the view. */
  assign(value: TensorLike<E>): this {
    return this.#put('set', value, 'assign');
  }

  /** Adds to the elements; where an index array names one twice, both are added. Returns the view. */
  assignAdd(value: TensorLike<E>): this {
    return this.#put('add', value, 'assignAdd');
  }

  /** Subtracts from the elements; where an index array names one twice, both are subtracted. Returns the view. */
  assignSub(value: TensorLike<E>): this {
    return this.#put('subtract', value, 'assignSub');
  }

  #put(mode: PutMode, value: TensorLike<E>, where: string): this {
    // It need not be read for what is written through it.
    this.#variable.unread.delete(this);
    putAt(this.#variable, this.#plan, mode, value, where);
    this.#forget();
    return this;
  }

  /** @internal The elements as a tensor of their own; they are read now where that has not happened. */
  override held(): Tensor<E> {
    if (this.#value === null) {
      this.#variable.unread.delete(this);
      const value = takeAt(this.#variable, this.#plan, 'at');
      this.#value = value;
      const {id, source, strides, offset} = value;
      Object.defineProperties(this, {
        id: {value: id, configurable: true},
        source: {value: source, writable: true, configurable: true},
        strides: {value: strides, configurable: true},
        offset: {value: offset, configurable: true},
      });
    }
    return this.#value;
  }

  // What the engine reads of a tensor is there as soon as it looks. Reading at once would keep the Variable from being
  // written in place, though most views are made to write.
  #forget(): void {
    this.#value = null;
    Object.defineProperties(this, LAZY);
  }
}

const lazy = (key: 'id' | 'source' | 'strides' | 'offset'): PropertyDescriptor => ({
  get(this: VariableView<Element>) {
    return this.held()[key];
  },
  configurable: true,
});

const LAZY = {id: lazy('id'), source: lazy('source'), strides: lazy('strides'), offset: lazy('offset')};
