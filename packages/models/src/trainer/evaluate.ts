import {KeratinError} from '@keratin/core';
import {type AnyModel, type Logs} from '../callbacks/callback.js';
import {CallbackList} from '../callbacks/callback-list.js';
import {type EvaluateOptions} from '../model/types.js';
import {Epochs} from './data/epochs.js';
import {sourceOf} from './data/source.js';
import {readLogs, type StepLogs} from './logs.js';
import {takeSteps} from './loop.js';
import {checkEvaluateOptions, verbosity} from './options.js';
import {Pace} from './pace.js';

/** Evaluates a model: what `model.evaluate` does. */
export async function evaluate(
  model: AnyModel,
  x: unknown,
  y: unknown,
  options: EvaluateOptions = {},
): Promise<readonly number[] & Readonly<Record<string, number>>> {
  const {trainer} = model;
  trainer.assertCompiled('evaluate');
  checkEvaluateOptions(options);
  if ((trainer.running !== null && !trainer.inHook()) || trainer.evaluations > 0) {
    const what = trainer.evaluations > 0 ? 'evaluated' : 'trained';
    throw new KeratinError(
      `evaluate: model "${model.name}" is being ${what}, and its metrics are in use; wait for that to end`,
    );
  }
  options.signal?.throwIfAborted();
  const {batchSize, steps, sampleWeight, signal} = options;
  const batches = new Epochs('evaluate', sourceOf('evaluate', x, y, {batchSize, steps, sampleWeight}), steps);
  const verbose = verbosity(options.verbose);
  const callbacks = new CallbackList(options.callbacks, {
    model,
    params: {verbose, epochs: 1, steps: batches.steps},
    addProgbar: verbose > 0,
  });
  trainer.evaluations += 1;
  if (trainer.running === null) trainer.forget();
  try {
    return trainer.evaluation(await evaluateEpoch(model, batches, callbacks, new Pace(), signal));
  } finally {
    trainer.evaluations -= 1;
    trainer.steps?.release('test');
    callbacks.close();
    await batches.close();
  }
}

/** One round of evaluation with the hooks of tests. */
export async function evaluateEpoch(
  model: AnyModel,
  batches: Epochs,
  callbacks: CallbackList,
  pace: Pace,
  signal: AbortSignal | undefined,
  stop: () => boolean = () => false,
  owner?: {locked: boolean},
): Promise<Logs> {
  await callbacks.onTestBegin();
  model.resetMetrics();
  let last: StepLogs = {};
  // Each evaluation starts at the beginning of the data.
  await batches.close();
  await takeSteps({
    kind: 'test',
    compiled: model.trainer.steps,
    hooked: callbacks.hasBatchHooks('Test'),
    owner,
    batches,
    pace,
    signal,
    group: model.trainer.stepsPerExecution,
    begin: (step) => callbacks.onTestBatchBegin(step),
    run: (batch) => {
      last = model.trainer.runTestStep(batch);
    },
    ran: (result) => {
      last = result as StepLogs;
    },
    end: (step) => callbacks.onTestBatchEnd(step, () => readLogs(last)),
    stop,
  });
  const logs = model.trainer.epochLogs(last);
  await callbacks.onTestEnd(logs);
  return logs;
}
