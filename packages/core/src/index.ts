/** Tensors, Variables, operations and gradients of Keratin. */
import './tensor/methods.js';

export * from './errors.js';
export {type Complex, type DType, type Element, type ElementOf, type FloatDType, type NumberDType} from './dtype.js';
export {dim, type Shape} from './shape.js';
export {isTensor, Tensor} from './tensor/tensor.js';
export {Variable, type VariableOptions} from './tensor/variable.js';
export {type Index, type IndexArray, type MaskArray} from './tensor/indexing/plan.js';
export {slice, type Slice, type SliceText} from './tensor/indexing/slice.js';
export {VariableView} from './tensor/indexing/view.js';
export {
  type Nested,
  tensor,
  tensor as constant,
  tensor as convertToTensor,
  type TensorLike,
  type TensorOptions,
  type TypedArrayOf,
} from './tensor/convert.js';
export {type Axis, type ReduceOptions} from './ops/reduction.js';
export {
  GradientTape,
  type GradientOptions,
  type GradientsOf,
  type GradientTapeOptions,
  type Sources,
  valueAndGrad,
} from './engine/tape.js';
export {recomputeGrad} from './engine/recompute.js';
export {scope} from './engine/scope.js';
export {customGradient, type GradientResult, stopGradient} from './ops/gradient.js';
export {
  type DeviceName,
  getNumThreads,
  listPhysicalDevices,
  memory,
  type PhysicalDevice,
  setNumThreads,
  trimMemory,
  withDevice,
} from './devices.js';
export {Module} from './module.js';
export {range} from './ops/create.js';
export {ops, type Ops} from './ops/recorded.js';
export {type Backend, backend} from './backend/index.js';
export * as config from './config.js';
export * as ragged from './ragged/index.js';
export {RaggedTensor} from './ragged/ragged-tensor.js';
export * as sparse from './sparse/index.js';
export {SparseTensor} from './sparse/sparse-tensor.js';
export * as strings from './strings/index.js';
export * as sets from './sets/index.js';
export * as queues from './queues/index.js';
export {TensorArray, type TensorArrayOptions} from './tensor-array/tensor-array.js';
export * as random from './random/index.js';
export {SeedGenerator, setSeed} from './random/seed.js';
export {loadNpy, loadNpz, saveNpy, saveNpz, type SaveNpzOptions} from './files/npy.js';
export {loadSafetensors, saveSafetensors, type SaveSafetensorsOptions} from './files/safetensors.js';
export {type FilePath} from './files/atomic.js';
export {
  type Config,
  type ConfigNode,
  type CustomObjects,
  CustomObjectScope,
  customObjectScope,
  deserializeKerasObject,
  type DeserializeOptions,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
  type RegisterOptions,
  serializeKerasObject,
} from './serialization/index.js';
export {type Cost} from './jit/cost.js';
export {jit, type Jitted, type JitOptions} from './jit/jit.js';
export {type PassOptions} from './jit/passes/index.js';
export {profile, type Profile, type ProfileOptions} from './profile/profile.js';
export {type Trace, type TraceArguments, type TraceEvent} from './profile/trace.js';
export {type LoadedProgram, loadProgram} from './jit/export/load.js';
export {print} from './ops/print.js';
export {type Condition, cond, type LoopVariables, whileLoop, type WhileLoopOptions} from './ops/control.js';
export {scan, type ScanOptions, vectorizedMap} from './ops/scan.js';
export {type ArgumentSignature, type TensorSignature} from './jit/signature.js';
