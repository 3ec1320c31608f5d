import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';

const brain = createRequire(`${process.argv[2]}/x.js`)('brain.js');
const net = new brain.NeuralNetwork({hiddenLayers: [8], activation: 'tanh'});
// A step of training makes the weights.
net.train([{input: [0, 1], output: [1]}], {iterations: 1});
net.run([0, 1]);
console.log(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
