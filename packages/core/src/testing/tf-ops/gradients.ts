import {customGradient, GradientTape, ops, stopGradient, tensor, type Tensor, Variable} from '../../index.js';
import {type Cases, throws} from './case.js';

const v = (...values: number[]) => new Variable(values);

/** The gradient of what `fn` makes of a Variable. */
function gradientOf(x: Variable, fn: (x: Variable) => Tensor): Tensor {
  const tape = new GradientTape();
  return tape.gradient(
    tape.record(() => fn(x)),
    x,
  );
}

/** Null where the target does not depend on the source. */
function gradientOrNull(x: Variable | Tensor, fn: (x: Variable | Tensor) => Tensor): Tensor | null {
  const tape = new GradientTape();
  return tape.gradient(
    tape.record(() => fn(x)),
    x,
    {unconnectedGradients: 'none'},
  );
}

export const GRADIENTS: Cases = {
  'gradient/square': () => gradientOf(v(-1.47, -1.88), (x) => x.mul(x)),
  'gradient/list': () => {
    const [x, w] = [v(0.95, 2.82), v(-4.29, -0.91)];
    const tape = new GradientTape();
    return tape.gradient(
      tape.record(() => x.mul(2).add(w)),
      [x, w],
    );
  },
  'gradient/dict': () => {
    const [x, w] = [v(-1.21, 0.22), v(1.67, -5.92)];
    const tape = new GradientTape();
    return tape.gradient(
      tape.record(() => x.mul(w)),
      {x, w},
    );
  },
  'gradient/unconnected': () => {
    const [x, w] = [v(9.57, -2.41), v(1.23, 2.67)];
    const tape = new GradientTape();
    return tape.gradient(
      tape.record(() => x.mul(2)),
      [x, w],
      {unconnectedGradients: 'none'},
    );
  },
  'gradient/unconnected-zero': () => {
    const [x, w] = [v(2.74, 0.9), v(-8.55, -3.09)];
    const tape = new GradientTape();
    return tape.gradient(
      tape.record(() => x.mul(2)),
      [x, w],
      {unconnectedGradients: 'zero'},
    );
  },
  'gradient/two-targets': () => {
    const [x, w] = [v(2.45, -2.6), v(-3.01, -6.91)];
    const tape = new GradientTape();
    return tape.gradient(
      tape.record(() => x.mul(2).add(w.mul(x))),
      [x, w],
    );
  },
  'gradient/output-gradients': () => {
    const [x, w] = [v(3.8, 1.67), v(-2.55, -0.27)];
    return gradientOf(x, () => x.mul(w).mul([1, 0.5]));
  },
  'gradient/jacobian': () => {
    const [x, w] = [v(-0.18, -3.24), v(-0.72, 0.86)];
    const tape = new GradientTape();
    return tape.jacobian(
      tape.record(() => x.mul(w.at('::-1')).add(x.pow(2))),
      x,
    );
  },
  'gradient/vector-sum': () => gradientOf(v(1.75, 3.89), (x) => x.sin()),
  'gradient/stop': () => gradientOf(v(1.28, -1.82), (x) => x.mul(stopGradient(x))),
  'gradient/int': () => gradientOrNull(v(-1.08, 0.43), (x) => x.cast('int32').cast('float32')),
  'gradient/embedding': () => gradientOf(v(1.98, 1.41), (x) => x.take([0, 0, 1], 0)),
  'gradient/where': () => gradientOf(v(-2.21, -6.56), (x) => ops.where(x.greater(0), x, x.mul(x))),
  'gradient/max-ties': () => gradientOf(v(2.66, 0.85), (x) => ops.stack([x, x]).max()),
  'gradient/sqrt-zero': () => gradientOf(v(4.11, 3.46), (x) => x.mul(0).sqrt()),
  'gradient/norm-zero': () => gradientOf(v(-0.78, -0.34), (x) => ops.norm(x.mul(0))),
  'gradient/abs-zero': () => gradientOf(v(0.95, -3.3), (x) => x.mul(0).abs()),
  'gradient/second-order': () => {
    const x = tensor(1.5);
    const [outer, inner] = [new GradientTape(), new GradientTape()];
    const slope = outer.record(() => {
      outer.watch(x);
      const y = inner.record(() => {
        inner.watch(x);
        return x.pow(3).add(x.sin());
      });
      return inner.gradient(y, x);
    });
    return outer.gradient(slope, x);
  },
  'gradient/persistent': () => {
    const x = tensor(3);
    const tape = new GradientTape({persistent: true});
    const {y, z} = tape.record(() => {
      tape.watch(x);
      const squared = x.mul(x);
      return {y: squared, z: squared.mul(squared)};
    });
    return [tape.gradient(y, x), tape.gradient(z, x)];
  },
  'gradient/used-twice': throws(() => {
    const x = new Variable(2);
    const tape = new GradientTape();
    const y = tape.record(() => x.mul(x));
    return [tape.gradient(y, x), tape.gradient(y, x)];
  }, 'persistent'),
  'gradient/batch-jacobian': () => {
    const x = tensor([
      [-1.26, 4.03, 3.6],
      [-2.94, -4.62, 2.43],
    ]);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return x.pow(2).mul([1, 2, 3]);
    });
    return tape.batchJacobian(y, x);
  },
  'gradient/not-watched': () => gradientOrNull(tensor(3), (x) => x.mul(x)),
  'gradient/custom': () => {
    const f = customGradient((a: Tensor) => [a.mul(a), (dy: Tensor) => dy.mul(10)]);
    return gradientOf(v(1.44, -4.06), (x) => f(x));
  },
};
