// Backpropagation by hand (002-6): a network of two products, its gradients by tape and by the chain rule, one step of descent.
import {GradientTape, ops, type Tensor, Variable} from 'keratin';
import {checkNear} from './support/check.js';

const X = new Variable([[2], [3]], {name: 'X', trainable: false});
const Y = new Variable([1], {name: 'Y', trainable: false});
const W1 = new Variable(
  [
    [0.11, 0.21],
    [0.12, 0.08],
  ],
  {name: 'W1'},
);
const W2 = new Variable([[0.14, 0.15]], {name: 'W2'});

function forward(w1: Tensor, w2: Tensor) {
  const H = w1.matmul(X);
  const output = w2.matmul(H);
  return {H, output, loss: output.sub(Y).square().div(2)};
}

const tape = new GradientTape();
const {H, output, loss} = tape.record(() => forward(W1, W2));
const [dW1, dW2] = tape.gradient(loss, [W1, W2]);
console.log('H', H, '\noutput', output, '\nloss', loss, '\ndW1', dW1, '\ndW2', dW2);

// The chain rule: dL/dOutput = output - y, dL/dW2 = error H^T, dL/dW1 = W2^T error X^T.
const error = output.sub(Y);
const byHand = {dW2: error.matmul(H.transpose()), dW1: W2.transpose().matmul(error).matmul(X.transpose())};
checkNear('dW1 by tape and by hand', ops.max(ops.abs(dW1.sub(byHand.dW1))).item(), 0, 1e-7);
checkNear('dW2 by tape and by hand', ops.max(ops.abs(dW2.sub(byHand.dW2))).item(), 0, 1e-7);

const rate = 0.05;
W1.assignSub(dW1.mul(rate));
W2.assignSub(dW2.mul(rate));
const next = forward(W1, W2);
console.log('after one step: H', next.H, '\noutput', next.output, '\nloss', next.loss);

checkNear('H[0]', H.at(0, 0).item(), 0.85, 1e-6);
checkNear('H[1]', H.at(1, 0).item(), 0.48, 1e-6);
checkNear('output', output.item(), 0.191, 1e-6);
checkNear('loss', loss.item(), 0.32724053, 1e-7);
checkNear('dW1[0][0]', dW1.at(0, 0).item(), -0.22652, 1e-6);
checkNear('dW1[0][1]', dW1.at(0, 1).item(), -0.33978, 1e-6);
checkNear('dW1[1][0]', dW1.at(1, 0).item(), -0.2427, 1e-6);
checkNear('dW1[1][1]', dW1.at(1, 1).item(), -0.36405, 1e-6);
checkNear('dW2[0][0]', dW2.at(0, 0).item(), -0.68765, 1e-6);
checkNear('dW2[0][1]', dW2.at(0, 1).item(), -0.38832, 1e-6);
checkNear('H[0] after the step', next.H.at(0, 0).item(), 0.923619, 1e-6);
checkNear('H[1] after the step', next.H.at(1, 0).item(), 0.55887747, 1e-6);
checkNear('output after the step', next.output.item(), 0.25574577, 1e-7);
checkNear('loss after the step', next.loss.item(), 0.27695718, 1e-7);
