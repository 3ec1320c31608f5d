import {
  type Config,
  type CustomObjects,
  deserializeKerasObject,
  serializeKerasObject,
  type Tensor,
  ValueError,
} from '@keratin/core';
import {checkOptions, describe, toConfigKey, toOptionName} from '@keratin/core/internal';
import {FunctionMetric} from './function-metric.js';
import {METRIC_KEYS, type MetricOptions} from './metric.js';

/** A function of targets and predictions that may take options, such as `losses.huber`. */
export type WrappedFunction = (yTrue: Tensor, yPred: Tensor, options?: never) => Tensor;

/** Options of {@link MeanMetricWrapper}. */
export interface MeanMetricWrapperOptions<N extends string = string> extends MetricOptions<N> {
  /** What the function takes after targets and predictions. */
  fnOptions?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The mean of a function of targets and predictions over all samples.
 *
 * @example
 * new metrics.MeanMetricWrapper(losses.huber, {name: 'huber', fnOptions: {delta: 0.5}});
 */
export class MeanMetricWrapper<const N extends string = string> extends FunctionMetric<N> {
  readonly fn: WrappedFunction;
  readonly fnOptions: Readonly<Record<string, unknown>>;

  constructor(fn: WrappedFunction, options: MeanMetricWrapperOptions<N> = {}) {
    if (typeof fn !== 'function') {
      throw new ValueError(`MeanMetricWrapper: a function (yTrue, yPred) is needed, got ${describe(fn)}`);
    }
    checkOptions('MeanMetricWrapper', options, [...METRIC_KEYS, 'fnOptions']);
    const {fnOptions} = options;
    super((yTrue, yPred) => (fnOptions === undefined ? fn(yTrue, yPred) : fn(yTrue, yPred, fnOptions as never)), {
      name: options.name,
      dtype: options.dtype,
    });
    this.fn = fn;
    this.fnOptions = fnOptions ?? {};
  }

  override getConfig(): Config {
    const more = Object.entries(this.fnOptions).map(([key, value]) => [toConfigKey(key), value]);
    return {...super.getConfig(), fn: serializeKerasObject(this.fn), ...(Object.fromEntries(more) as Config)};
  }

  /** The metric of a config: keys beside `name`, `dtype` and `fn` are the function's options. */
  static override fromConfig<T>(this: new (...args: never[]) => T, config: Config, customObjects?: CustomObjects): T {
    const {name, dtype, fn, ...rest} = config;
    const found = deserializeKerasObject(fn, {customObjects});
    if (typeof found !== 'function') {
      throw new ValueError(`MeanMetricWrapper: the config's fn must be a function, got ${describe(found)}`);
    }
    const fnOptions = Object.fromEntries(Object.entries(rest).map(([key, value]) => [toOptionName(key), value]));
    return Reflect.construct(this, [found, {name, dtype, fnOptions}]) as T;
  }
}
