/** Configs of objects and the classes that they may name. */
export {
  deserializeKerasObject,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
  serializeKerasObject,
} from '@keratin/core';
export {loadModel} from '@keratin/models';
