import type {Model} from '../model/model.js';

type Clone = (model: Model<never, unknown>, options: {readonly weights?: boolean | undefined}) => unknown;

/** How models are copied: put here by the function that does it, which needs the classes that call it. */
export const cloning: {clone: Clone} = {
  clone: () => {
    throw new Error('internal: no function copies models');
  },
};
