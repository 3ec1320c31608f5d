/** Models. */
export {cloneModel, loadModel, Model, modelFromJson, modelFromYaml, saveModel, Sequential} from '@keratin/models';
