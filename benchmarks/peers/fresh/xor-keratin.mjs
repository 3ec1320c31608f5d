// The first predict of a process, by the packed tarballs.
import {readFileSync} from 'node:fs';
import {layers, Sequential, tensor} from 'keratin';

const model = new Sequential([
  new layers.Dense(8, {activation: 'tanh', inputShape: [2]}),
  new layers.Dense(1, {activation: 'sigmoid'}),
]);
(await model.predict(tensor([[0, 1]]), {verbose: 0})).data();
console.log(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
