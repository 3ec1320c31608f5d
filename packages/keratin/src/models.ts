/** Models. */
export {cloneModel, Model, modelFromJson, Sequential} from '@keratin/models';
