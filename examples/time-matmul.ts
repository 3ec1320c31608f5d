// How long 1000 x 1000 by 1000 x 1000 takes a hundred times (002-5), on each device that there is. The notes: CPU 3481 ms, GPU 5.5 ms (which
// had only been asked to begin: the same loop that waits for its results takes longer).
//
// The figure that means the same everywhere is the share of what the processor's multiply-adds could do at the same moment: at a share of one
// nothing could be faster.
//
//   npx --yes pnpm@10 exec tsx examples/time-matmul.ts
import {
  type DeviceName,
  getNumThreads,
  listPhysicalDevices,
  ops,
  random,
  setNumThreads,
  setSeed,
  type Tensor,
  withDevice,
} from 'keratin';
import {budget, check, checkText} from './support/check.js';
import {fmaPeak} from './support/fma-peak.js';

const SIZE = 1000;
const TIMES = budget(100, 5);

/** The share of the limit that was measured just now. */
function shareOf(gflops: number, threads: number): string {
  const peak = fmaPeak(threads);
  if (peak === null) return 'no C++ compiler here: the limit of multiply-adds is not measured';
  return `${((100 * gflops) / peak).toFixed(0)} % of the ${peak.toFixed(0)} GFLOP/s that multiply-adds alone reach`;
}

/** Milliseconds of `TIMES` products, the best of a few rounds. */
function timeMatmul(x: Tensor, rounds = budget(5, 2)): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    for (let i = 0; i < TIMES; i++) ops.matmul(x, x);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

setSeed(42);
console.log('devices:', listPhysicalDevices());
const hasGpu = listPhysicalDevices('GPU').length > 0;
checkText('is there a GPU', hasGpu, 'false');

const devices: DeviceName[] = hasGpu ? ['CPU:0', 'GPU:0'] : ['CPU:0'];
for (const device of devices) {
  withDevice(device, () => {
    const x = random.uniform([SIZE, SIZE]);
    checkText('the device of a tensor', x.device, device);
    const threads = getNumThreads();
    const time = timeMatmul(x);
    const gflops = (2 * SIZE ** 3 * TIMES) / time / 1e6;
    console.log(
      `On ${device}, ${String(threads)} threads: ${String(TIMES)} products in ${time.toFixed(0)} ms, ${gflops.toFixed(0)} GFLOP/s;` +
        ` the notes' 3481 ms for 100 are ${((3481 * TIMES) / 100 / time).toFixed(2)} times that`,
    );
    console.log(shareOf(gflops, threads));
    const product = ops.matmul(x, x);
    if (threads > 1) {
      setNumThreads(1);
      const alone = timeMatmul(x);
      console.log(
        `one thread: ${alone.toFixed(0)} ms, ${(alone / time).toFixed(2)} times that of ${String(threads)};` +
          ` ${shareOf((2 * SIZE ** 3 * TIMES) / alone / 1e6, 1)}`,
      );
      const same = ops.equal(product, ops.matmul(x, x)).all().item();
      setNumThreads(threads);
      checkText('whether threads leave every bit as it is', same, 'true');
    }
    // One element by hand, in double precision.
    const [row, column] = [x.at(3).cast('float64'), x.at(':', 7).cast('float64')];
    const byHand = row.mul(column).sum().item();
    check('relative error of an element', Math.abs(product.at(3, 7).item() - byHand) / byHand, {below: 1e-5});
    check('GFLOP/s', gflops, {above: 0});
  });
}
