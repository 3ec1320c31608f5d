// A module whose functions worker threads apply in tests.
import {type Tensor} from '@keratin/core';

export default (x: Tensor): Tensor => x.mul(2);

export const negative = (x: Tensor): number => -x.item();
