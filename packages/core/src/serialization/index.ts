/** Configs of objects: registration, nodes and lookup by kind. */
export {checkConfig, checkNode, type Config, type ConfigNode, isNode} from './config.js';
export {toConfigKey, toOptionName, toOptions} from './keys.js';
export {
  type CustomObjects,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  publicNameOf,
  registerKerasSerializable,
  type RegisterOptions,
  registerPublic,
  type Serializable,
  withCustomObjects,
} from './registration.js';
export {CustomObjectScope, customObjectScope} from './custom-objects.js';
export {Registry, type RegistryOptions} from './registry.js';
export {
  constructFrom,
  deserializeKerasObject,
  type DeserializeOptions,
  fromNode,
  noteSerialized,
  serializeKerasObject,
} from './serialize.js';
