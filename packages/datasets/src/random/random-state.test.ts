import {expect, test} from 'vitest';
import {RandomState} from './random-state.js';

// Values of numpy.random.RandomState.

test('draws the bits that NumPy draws', () => {
  const random = new RandomState(113, 'shuffle');
  expect([random.uint32(), random.uint32(), random.uint32()]).toEqual([3659249829, 529109724, 317413538]);
  // The reference of MT19937 itself: the first and the 10,000th number of seed 5489.
  const reference = new RandomState(5489, 'shuffle');
  expect(reference.uint32()).toBe(3499211612);
  for (let i = 0; i < 9998; i++) reference.uint32();
  expect(reference.uint32()).toBe(4123659995);
});

test('shuffles as NumPy does', () => {
  expect(new RandomState(113, 'shuffle').order(10)).toEqual([9, 3, 6, 1, 0, 7, 4, 8, 2, 5]);
  const order = new RandomState(7, 'shuffle').order(1000);
  expect(order.slice(0, 12)).toEqual([778, 334, 271, 802, 216, 408, 812, 94, 487, 170, 24, 242]);
  expect(order.slice(-3)).toEqual([537, 196, 175]);
});

test('refuses seeds that NumPy refuses', () => {
  expect(() => new RandomState(-1, 'shuffle')).toThrow('shuffle: seed must be an integer from 0 to 4294967295, got -1');
  expect(() => new RandomState(2 ** 32, 'shuffle')).toThrow(/got 4294967296/);
});
