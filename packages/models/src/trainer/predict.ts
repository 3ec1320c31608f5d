import {ops, type Tensor, ValueError} from '@keratin/core';
import {describe, flattenStructure, mapStructure, tensorsIn} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {CallbackList} from '../callbacks/callback-list.js';
import {type PredictOptions} from '../model/types.js';
import {Epochs} from './data/epochs.js';
import {sourceOf} from './data/source.js';
import {takeSteps} from './loop.js';
import {checkPredictOptions, verbosity} from './options.js';
import {Pace} from './pace.js';

/** Predicts for data, batch by batch: what `model.predict` does. Keeps no state in the model, so several may run at once. */
export async function predict(model: AnyModel, x: unknown, options: PredictOptions = {}): Promise<unknown> {
  checkPredictOptions(options);
  options.signal?.throwIfAborted();
  const {batchSize, steps, signal} = options;
  const batches = new Epochs('predict', sourceOf('predict', x, undefined, {batchSize, steps}), steps);
  const verbose = verbosity(options.verbose);
  const callbacks = new CallbackList(options.callbacks, {
    model,
    params: {verbose, epochs: 1, steps: batches.steps},
    addProgbar: verbose > 0,
  });
  const outputs: unknown[] = [];
  model.trainer.steps?.look();
  try {
    await callbacks.onPredictBegin();
    await takeSteps({
      kind: 'predict',
      compiled: model.trainer.steps,
      hooked: callbacks.hasBatchHooks('Predict'),
      batches,
      pace: new Pace(),
      signal,
      group: model.trainer.stepsPerExecution,
      begin: (step) => callbacks.onPredictBatchBegin(step),
      run: (batch) => {
        outputs.push(model.trainer.runPredictStep(batch));
      },
      ran: (result) => {
        outputs.push(result);
      },
      end: (step) => callbacks.onPredictBatchEnd(step, outputs.at(-1)),
      stop: () => false,
    });
    await callbacks.onPredictEnd();
  } finally {
    callbacks.close();
    await batches.close();
  }
  return joined(outputs);
}

/** The outputs of all batches joined along the first axis, in the structure of one. */
function joined(outputs: readonly unknown[]): unknown {
  const [first] = outputs;
  if (outputs.length === 1) return first;
  const parts = outputs.map(flattenStructure);
  let at = 0;
  // Leaves are visited in the order of the containers; the flat lists have sorted keys.
  const order = flattenStructure(mapStructure(first, () => at++)) as number[];
  let next = 0;
  return mapStructure(first, () => {
    const position = order.indexOf(next++);
    return ops.concatenate(parts.map((leaves) => tensorOf(leaves[position])));
  });
}

function tensorOf(value: unknown): Tensor {
  const [tensor] = tensorsIn(value);
  if (tensor === undefined) throw new ValueError(`predict: the model must give tensors, it gave ${describe(value)}`);
  return tensor as Tensor;
}
