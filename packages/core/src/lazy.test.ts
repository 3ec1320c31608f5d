import {expect, test, vi} from 'vitest';
import {lazy} from './lazy.js';

test('makes a value at the first call, once, also where it is null', () => {
  const make = vi.fn(() => null);
  const value = lazy(make);
  expect(make).not.toHaveBeenCalled();
  expect(value()).toBeNull();
  expect(value()).toBeNull();
  expect(make).toHaveBeenCalledTimes(1);
});

test('what failed is tried again', () => {
  let calls = 0;
  const value = lazy(() => {
    calls += 1;
    if (calls === 1) throw new Error('not yet');
    return calls;
  });
  expect(value).toThrow('not yet');
  expect(value()).toBe(2);
  expect(value()).toBe(2);
});
