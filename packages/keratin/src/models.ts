/** Models. */
export {Model, Sequential} from '@keratin/models';
