/** Models. */
export {cloneModel, loadModel, Model, modelFromJson, modelFromYaml, Sequential} from '@keratin/models';
