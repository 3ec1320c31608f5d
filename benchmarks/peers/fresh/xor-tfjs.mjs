import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname} from 'node:path';

const require = createRequire(`${process.argv[2]}/x.js`);
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
await tf.setBackend('wasm');
const model = tf.sequential({
  layers: [
    tf.layers.dense({units: 8, activation: 'tanh', inputShape: [2]}),
    tf.layers.dense({units: 1, activation: 'sigmoid'}),
  ],
});
model.predict(tf.tensor2d([[0, 1]])).dataSync();
console.log(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
// Its threads would wait for ever.
process.exit(0);
