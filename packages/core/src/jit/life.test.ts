import {memoryStats} from '@keratin/native';
import {expect, test} from 'vitest';
import {jit, ops, type Tensor} from '../index.js';

test('programs of functions that nobody reaches any more are released while others are compiled', () => {
  const x = ops.ones([4]);
  let most = 0;
  for (let i = 0; i < 400; i++) {
    jit((value: Tensor) => {
      let y = value;
      for (let k = 0; k < 40; k++) y = ops.softmax(y.add(k));
      return y;
    })(x);
    most = Math.max(most, memoryStats().numPrograms);
  }
  expect(most).toBeLessThan(250);
});
