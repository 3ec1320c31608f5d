import {GradientTape, ops, random, type Tensor} from '@keratin/core';
import {concrete} from '@keratin/core/internal';
import {describe, expect, it} from 'vitest';
import {EinsumDense} from '../layers.js';
import {productAxes} from './einsum-equation.js';

describe('EinsumDense', () => {
  it.each([
    ['ab,bc->ac', 'c', 1],
    ['abc,cde->abde', 'de', 1],
    ['abc,cde->abde', null, 1],
    ['abcd,cde->abe', 'e', 2],
    ['...b,bc->...c', 'c', 1],
    ['abc,cde->abde', 'e', null],
    ['abc,cde->abed', 'ed', null],
    ['abc,dc->abd', 'd', null],
    ['abc,bd->acd', 'd', null],
    ['ab...,bc->ac...', 'c', null],
    ['abcd,dce->abe', 'e', null],
    ['ab,b->ab', null, null],
  ] as const)('knows whether %s with bias %s is one product', (equation, biasAxes, axes) => {
    expect(productAxes('layer', equation, biasAxes)).toBe(axes);
  });

  it.each([
    ['abc,cde->abde', [null, 4, 3], 'de', [2, 3, 5]],
    ['abcd,cde->abe', [null, 7], 'e', [2, 3, 5, 2]],
    ['...b,bc->...c', [6], null, [2, 3, 5]],
    ['ab,bc->ac', 4, 'c', [0, 3]],
  ] as const)(
    'by one product equals the sum convention, with its gradients: %s',
    (equation, sizes, biasAxes, shape) => {
      const output = typeof sizes === 'number' ? sizes : [...sizes];
      const layer = new EinsumDense(equation, output, {biasAxes, activation: 'gelu', biasInitializer: 'normal'});
      const x = random.normal(shape, {seed: 1});
      layer(x);
      const composed = () => {
        const y = ops.einsum(equation, x, layer.kernel);
        return layer.activation(layer.bias === null ? y : y.add(layer.bias));
      };
      const both = [() => layer(x), composed].map((call): readonly Tensor[] => {
        const tape = new GradientTape();
        tape.watch(x);
        const [y, loss] = tape.record(() => {
          const made = call();
          return [made, made.mul(random.normal(concrete(made.shape), {seed: 2})).sum()] as const;
        });
        return [y, ...tape.gradient(loss, [x, ...layer.trainableVariables])];
      });
      both[0]?.forEach((actual, i) => {
        const wanted = both[1]?.[i] ?? actual;
        expect(actual.shape).toEqual(wanted.shape);
        expect(actual.sub(wanted).abs().sum().item()).toBeLessThan(1e-4);
      });
    },
  );
});
