import {spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';
import {Worker} from 'node:worker_threads';
import {beforeAll, describe, expect, it} from 'vitest';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const core = new URL('../../dist/index.js', import.meta.url).href;
const script = new URL('../testing/compute-worker.mjs', import.meta.url);

interface Result {
  readonly loss: number;
  readonly weights: Float32Array;
  readonly numTensors: number;
}

function start(steps: number): {worker: Worker; result: Promise<Result>} {
  const worker = new Worker(script, {workerData: {core, steps}});
  const result = new Promise<Result>((resolve, reject) => {
    worker.on('message', (message: {started: true} | Result) => {
      if ('loss' in message) resolve(message);
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('the worker ended without a result')));
  });
  return {worker, result};
}

describe('worker threads', () => {
  // The workers run the built package; nothing happens where it is up to date.
  beforeAll(() => {
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    spawnSync(process.execPath, [tsc, '-b', 'packages/core'], {cwd: root});
    expect(existsSync(fileURLToPath(core))).toBe(true);
  }, 120_000);

  it('load the addon and train at once, with one result', async () => {
    const workers = [start(200), start(200)];
    const results = await Promise.all(workers.map(({result}) => result));
    const [a, b] = results;
    expect(a?.loss).toBeLessThan(0.3);
    expect(a?.loss).toBe(b?.loss);
    expect(a?.weights).toEqual(b?.weights);
    for (const {numTensors} of results) expect(numTensors).toBeGreaterThan(0);
    await Promise.all(workers.map(({worker}) => worker.terminate()));
    const {loss, weights} = await start(200).result;
    expect(loss).toBe(a?.loss);
    expect(weights).toEqual(a?.weights);
  });

  it('can be ended in the middle of their work', async () => {
    const {worker, result} = start(1_000_000);
    result.catch(() => undefined);
    await once(worker, 'message');
    const other = start(50);
    await worker.terminate();
    expect((await other.result).loss).toBeGreaterThan(0);
  });
});
