// Runs damaged instructions through the addon; a crash ends this process with a signal. Arguments: the addon, a JSON file
// of recorded instructions (arrays of words), a seed, how many to run.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';

const [addonPath, recordedPath, seed, rounds] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(addonPath);
const words = new Float64Array(addon.block);
const recorded = JSON.parse(readFileSync(recordedPath, 'utf8'));

const BYTES = [4, 8, 2, 2, 1, 2, 4, 8, 1, 2, 4, 8, 1, 8, 16];
// Larger operands are valid but take long.
const MOST_ELEMENTS = 2 ** 20;
const ODD = [
  0,
  -1,
  1,
  2,
  3,
  7,
  8,
  12,
  13,
  14,
  64,
  1e3,
  2 ** 31,
  2 ** 40,
  2 ** 53,
  -(2 ** 53),
  NaN,
  Infinity,
  0.5,
  1e300,
];

let state = Number(seed) >>> 0;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const below = (n) => Math.floor(random() * n);

/** Where each operand begins, with its rank; null where the words make no sense. */
function operandsOf(instruction) {
  const [, inputs, outputs, attributes] = instruction;
  const found = [];
  let at = 4 + attributes;
  for (let i = 0; i < inputs + outputs; i++) {
    const rank = instruction[at + 3];
    if (!(rank >= 0 && rank <= 12)) return null;
    found.push({at, rank, output: i >= inputs});
    at += 4 + rank + (i >= inputs && instruction[at] === 0 ? 0 : rank);
  }
  return found;
}

// Buffers as large as the recorded operands need, filled with zeros: valid indices too.
const owners = [];
for (const instruction of recorded) {
  for (const {at, rank} of operandsOf(instruction)) {
    if (instruction[at] <= 0) continue;
    let low = instruction[at + 2];
    let high = low;
    for (let axis = 0; axis < rank; axis++) {
      const reach = Math.max(instruction[at + 4 + axis] - 1, 0) * instruction[at + 4 + rank + axis];
      if (reach < 0) low += reach;
      else high += reach;
    }
    const bytes = (high + 1) * BYTES[instruction[at + 1]];
    const owner = {};
    owners.push(owner);
    instruction[at] = addon.allocate(bytes, owner);
    addon.write(instruction[at], new Uint8Array(bytes), 0);
  }
}

/** Too much work for a test, or not to be told. */
function isLarge(instruction) {
  const operands = operandsOf(instruction);
  return (
    operands !== null &&
    operands.some(({at, rank}) => {
      let size = 1;
      for (let axis = 0; axis < rank; axis++) size *= Math.max(Math.abs(instruction[at + 4 + axis]), 1);
      return size > MOST_ELEMENTS && size < 2 ** 63;
    })
  );
}

function damaged() {
  const instruction = Float64Array.from(recorded[below(recorded.length)]);
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const at = below(instruction.length);
    const kind = below(4);
    if (kind === 0) instruction[at] = ODD[below(ODD.length)];
    else if (kind === 1) instruction[at] = below(20) - 3;
    else if (kind === 2) instruction[at] += random() < 0.5 ? 1 : -1;
    else instruction[at] = instruction[below(instruction.length)];
  }
  return instruction;
}

let ran = 0;
let refused = 0;
for (let i = 0; i < Number(rounds); i++) {
  const instruction = damaged();
  if (isLarge(instruction)) continue;
  words.set(instruction);
  try {
    addon.run({}, {}, {}, {});
    ran++;
  } catch (error) {
    if (!(error instanceof Error) || error.message === '') throw error;
    refused++;
  }
}
console.log(JSON.stringify({ran, refused}));
