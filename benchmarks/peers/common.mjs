// What the peers in JavaScript share: workloads come by name, a line each, and rows go out as JSON lines.
import {createRequire} from 'node:module';
import {createInterface} from 'node:readline';

const SECONDS = Number(process.env.KERATIN_BENCH_SECONDS ?? 20);
const SCALE = {s: 1, ms: 1e3, us: 1e6};
const print = (value) => console.log(JSON.stringify(value));

/** Seconds of one call; warm-up and repetitions as on our side. */
export async function timed(fn, {repetitions = 5, warmup = 1, settle = 0.3, inner = 1} = {}) {
  const begin = performance.now();
  for (let i = 0; i < warmup || performance.now() - begin < settle * 1000; i++) await fn();
  const measured = performance.now();
  const seconds = [];
  for (let i = 0; i < repetitions; i++) {
    const start = performance.now();
    if (i > 0 && start - measured > SECONDS * 1000) break;
    for (let j = 0; j < inner; j++) {
      const result = fn();
      if (result instanceof Promise) await result;
    }
    seconds.push((performance.now() - start) / 1000 / inner);
  }
  return seconds;
}

function emit(peer, workload, unit, seconds) {
  const values = seconds.map((value) => value * SCALE[unit]).sort((a, b) => a - b);
  const value = values[values.length >> 1];
  print({peer, workload, unit, value, min: values[0], max: values.at(-1), repetitions: values.length});
}

/** Runs the workloads that are asked for; `make` gives them by name and may take its time. */
export async function serve(make) {
  const require = createRequire(`${process.argv[2]}/x.js`);
  const workloads = await make({require, emit});
  for await (const line of createInterface({input: process.stdin})) {
    try {
      await workloads[line.trim()]?.();
    } catch (error) {
      print({failure: String(error.stack ?? error).slice(0, 600)});
    }
    print({end: line.trim()});
  }
}
