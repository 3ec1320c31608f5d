/** Models, training, losses, metrics, optimizers and callbacks of Keratin. */
export {type ModelOptions} from './model/graph-model.js';
export {Functional, Model} from './model/model.js';
export {cloneModel, type CloneModelOptions} from './functional/clone.js';
export {modelFromJson, type ModelFromJsonOptions} from './functional/json.js';
export {modelFromYaml} from './saving/yaml.js';
export {loadTfjsModel, type LoadTfjsModelOptions} from './saving/tfjs.js';
export {loadModel, type LoadModelOptions} from './saving/load-model.js';
export {saveModel, type SaveModelOptions} from './saving/save-model.js';
export {type Comparison, KerasFileEditor, type WeightsByName} from './saving/file-editor.js';
export {type ExportFormat, type ExportOptions, type InputSpecification} from './export/export-model.js';
export {loadWeights, type LoadWeightsOptions, saveWeights, type SaveWeightsOptions} from './saving/weights.js';
export {Sequential, type SequentialOptions} from './model/sequential.js';
export {
  type AnyEvaluation,
  type Compiled,
  type CompileOptions,
  type EvaluateOptions,
  type Evaluation,
  type FitOptions,
  type LogKey,
  type MetricsOf,
  type PredictOptions,
  type TestOnBatchOptions,
  type TrainOnBatchOptions,
  type ValidationData,
  type Verbose,
} from './model/types.js';
export {type LossOption, type LossSpec, type LossWeights} from './trainer/compiled-loss.js';
export {type MetricFn, type MetricObject, type MetricSpec} from './trainer/compiled-metrics.js';
export {type Arrays, type Batch, type TensorStructure} from './trainer/data/batch.js';
export {type ClassWeight} from './trainer/data/class-weight.js';
export {type BatchIterable} from './trainer/data/iterables.js';
export {type StepLogs} from './trainer/logs.js';
export {type LearningRateMultiplier} from './trainer/learning-rate-multipliers.js';
export {type OptimizerGroup, type OptimizerSpec} from './trainer/optimizer-groups.js';
export {type LossData} from './trainer/trainer.js';
export {type SummaryOptions} from './summary/summary.js';
export {modelToDot, type ModelToDotOptions} from './plots/dot.js';
export {type HistoryLike, plotHistory, type PlotHistoryOptions, sparkline} from './plots/plot-history.js';
export {plotModel, type PlotModelOptions} from './plots/plot-model.js';
export {Progbar, type ProgbarOptions} from './progress/progbar.js';
export {Callback, type CallbackHooks, type CallbackParams, History, type Logs} from './callbacks/index.js';
export {Loss, type LossFunction, type LossId, type LossOptions} from './losses/index.js';
export {Metric, type MetricId, type MetricOptions} from './metrics/index.js';
export {Optimizer, type OptimizerId, type OptimizerOptions} from './optimizers/index.js';
export * as callbacks from './callbacks/index.js';
export * as losses from './losses/index.js';
export * as metrics from './metrics/index.js';
export * as optimizers from './optimizers/index.js';
