/** Sets along the last axis of tensors: what TensorFlow's `tf.sets` does. */
export {difference, type DifferenceOptions, intersection, size, union} from './operations.js';
export {type SetInput} from './rows.js';
