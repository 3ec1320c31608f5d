/** What the sibling packages share and users do not see. */
import './tensor/methods.js';

export {apply, applyAll} from './engine/dispatch.js';
export {contiguous, opcodeOf, runInto} from './engine/execute.js';
export {definePrimitive, registeredPrimitives} from './engine/primitive.js';
export {checkChoice, checkOptions, describe, hint, nearest} from './suggest.js';
export {checkDType, DTYPES, isDType, isFloating, isInteger} from './dtype.js';
export {policyNamed, resetDtypePolicy} from './dtype-policy.js';
export {broadcastShapes, checkAxes, checkAxis, concrete, isConcrete, sameShape, show, sizeOf} from './shape.js';
export {convert, convertLike} from './tensor/convert.js';
export {rowViews, stackRows} from './tensor/rows.js';
export {isSymbolic, logitsOf, maskOf, nameOf, symbolicTensor, withLogits, withMask} from './engine/hidden.js';
export {isTraced, untraced} from './engine/tracing.js';
export {updateVariables} from './engine/update.js';
export {
  type Amount,
  amountOf,
  isEqual,
  isMultiple,
  minus,
  over,
  plus,
  power,
  rootOf,
  rounded,
  scalarOf,
  smaller,
  times,
  wholeOver,
} from './engine/amount.js';
export {attention, type AttentionSettings} from './ops/fused-attention.js';
export {dense} from './ops/fused.js';
export {convolve, perAxis} from './ops/nn.js';
export {displaced} from './ops/image/warp.js';
export {
  continueRandomState,
  drawSeed,
  processRandomState,
  type ProcessRandomState,
  type RandomState,
  recordStates,
  replayStates,
  resolveSeed,
} from './random/seed.js';
export {Callable, inspectCustom, invoke} from './callable.js';
export {autoName, resetNames, toSnakeCase, uniqueName, withNamesKept} from './naming.js';
export {lazy} from './lazy.js';
export {type Checked, schema, type Schema} from './serialization/schema.js';
export {type FilePath, pathText, writeAtomic} from './files/atomic.js';
export {decodeNpy, encodeNpy} from './files/npy.js';
export {encodeRecord, maskedCrc32c, RECORD_HEADER_BYTES} from './files/tfrecord.js';
export {PieceReader, piecesOf} from './files/pieces.js';
export {type ZipEntry, ZipReader} from './files/zip.js';
export {ZipWriter} from './files/zip-writer.js';
export {readSafetensors, type SafetensorsFile} from './files/safetensors.js';
export {
  checkConfig,
  checkNode,
  type Config,
  type ConfigNode,
  constructFrom,
  type CustomObjects,
  deserializeKerasObject,
  type DeserializeOptions,
  getRegisteredObject,
  isNode,
  noteSerialized,
  publicNameOf,
  registerPublic,
  Registry,
  type RegistryOptions,
  type Serializable,
  serializeKerasObject,
  toConfigKey,
  toOptionName,
  toOptions,
  withCustomObjects,
} from './serialization/index.js';
export {flattenStructure, isPlainObject, mapStructure, type Structured, tensorsIn} from './structure.js';
export {batchNormalization, layerNormalization} from './ops/normalization.js';
export {gruSequence, lstmSequence, simpleSequence} from './ops/recurrent.js';
export {scatterAdd} from './primitives/indexing.js';
export {type TapeNode, withoutRecorder} from './engine/recording.js';
export {type Watcher, withWatcher} from './engine/watch.js';
export {isOutermost, type Node, type Operation, type Origin, originOf, recordNode, withinCall} from './graph/node.js';
export {crossedBuckets} from './strings/hash.js';
export {RecordedOperation, registerOperations} from './graph/operation.js';
export {callArguments, graphArguments} from './graph/arguments.js';
export {writeTrace} from './profile/profile.js';
export {Profiler} from './profile/profiler.js';
export {Compiler} from './jit/jit.js';
export {describeSpec, specOf} from './jit/specs.js';
export {type SegmentTree, type SingleProgram} from './jit/segments.js';
export {type RecordedCall, recordCalls, type Recording} from './jit/record-calls.js';
export {type Operand, type Scalar, type Value} from './jit/ir.js';
export {mayRunSteps, runSteps, type StepPlan, type StepRows, type StepsDone, startSteps} from './jit/steps.js';
export {type VariableOwner} from './tensor/variable.js';
