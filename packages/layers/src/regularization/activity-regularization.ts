import {type Config, type Shape, type Tensor} from '@keratin/core';
import {checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';
import {L1L2} from '../regularizers/index.js';

/** Options of {@link ActivityRegularization}. */
export interface ActivityRegularizationOptions extends LayerOptions {
  /** Factor of the sum of absolute values. Default 0. */
  l1?: number | undefined;
  /** Factor of the sum of squares. Default 0. */
  l2?: number | undefined;
}

/** Passes its inputs on and adds a penalty on them, divided by the batch size, to the losses. */
export class ActivityRegularization extends Layer {
  readonly l1: number;
  readonly l2: number;

  constructor(options: ActivityRegularizationOptions = {}) {
    super(options, ['l1', 'l2']);
    this.l1 = checkNumber('ActivityRegularization', 'l1', options.l1 ?? 0, 0, Infinity);
    this.l2 = checkNumber('ActivityRegularization', 'l2', options.l2 ?? 0, 0, Infinity);
    this.activityRegularizer = new L1L2({l1: this.l1, l2: this.l2});
    this.supportsMasking = true;
    this.buildAtInit();
  }
  override call(x: Tensor): Tensor {
    return x;
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }
  override getConfig(): Config {
    const {activity_regularizer: _, ...config} = super.getConfig();
    return {...config, l1: this.l1, l2: this.l2};
  }
}
