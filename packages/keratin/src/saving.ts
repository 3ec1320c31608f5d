/** Models and weights as files; configs of objects and the classes that they may name. */
export {
  CustomObjectScope,
  customObjectScope,
  deserializeKerasObject,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
  serializeKerasObject,
} from '@keratin/core';
export {KerasFileEditor, loadModel, loadTfjsModel, loadWeights, saveModel, saveWeights} from '@keratin/models';
