// Where the elements of a resized axis come from. TensorFlow computes positions in single precision, and so does this, so that a
// position between two pixels falls to the same side.

/** For each element of the result the position of one source element and its weight. */
export interface Tap {
  readonly index: Int32Array;
  readonly weight: Float64Array;
}

const single = Math.fround;

function taps(outputSize: number, count: number): Tap[] {
  return Array.from({length: count}, () => ({
    index: new Int32Array(outputSize),
    weight: new Float64Array(outputSize),
  }));
}

function set(list: readonly Tap[], tap: number, at: number, index: number, weight: number): void {
  const target = list[tap];
  if (target === undefined) return;
  target.index[at] = index;
  target.weight[at] = weight;
}

const bound = (index: number, size: number): number => Math.min(Math.max(index, 0), size - 1);

/** The position of an output element's centre among the centres of the input's elements. */
const centre = (i: number, scale: number): number => single(single(single(i + 0.5) * scale) - 0.5);

/** The nearest element. */
export function nearestTaps(inputSize: number, outputSize: number): Tap[] {
  const scale = single(inputSize / outputSize);
  const list = taps(outputSize, 1);
  for (let i = 0; i < outputSize; i++) {
    set(list, 0, i, bound(Math.floor(single(single(i + 0.5) * scale)), inputSize), 1);
  }
  return list;
}

/** The two neighbours, by distance. */
export function bilinearTaps(inputSize: number, outputSize: number): Tap[] {
  const scale = single(inputSize / outputSize);
  const list = taps(outputSize, 2);
  for (let i = 0; i < outputSize; i++) {
    const position = centre(i, scale);
    const low = Math.floor(position);
    set(list, 0, i, bound(low, inputSize), 1 - (position - low));
    set(list, 1, i, bound(Math.ceil(position), inputSize), position - low);
  }
  return list;
}

/** Keys's cubic kernel with a = -0.5 (Keys 1981). */
function cubic(x: number): number {
  if (x >= 2) return 0;
  return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1;
}

/** The four neighbours; those outside have no weight. Distances are rounded to 1 / 1024, as TensorFlow's table has them. */
export function bicubicTaps(inputSize: number, outputSize: number): Tap[] {
  const scale = single(inputSize / outputSize);
  const list = taps(outputSize, 4);
  for (let i = 0; i < outputSize; i++) {
    const position = centre(i, scale);
    const low = Math.floor(position);
    const distance = Math.round((position - low) * 1024) / 1024;
    const inside = [0, 1, 2, 3].map((k) => (low + k - 1 >= 0 && low + k - 1 < inputSize ? 1 : 0));
    const weights = inside.map((flag, k) => flag * cubic(Math.abs(k - 1 - distance)));
    const sum = weights.reduce((a, b) => a + b, 0);
    weights.forEach((weight, k) => {
      set(list, k, i, bound(low + k - 1, inputSize), weight / sum);
    });
  }
  return list;
}

/** Means of what an element of the result covers. */
export function areaTaps(inputSize: number, outputSize: number): Tap[] {
  const scale = inputSize / outputSize;
  const list = taps(outputSize, Math.ceil(scale) + 1);
  for (let i = 0; i < outputSize; i++) {
    const [from, to] = [i * scale, Math.min((i + 1) * scale, inputSize)];
    list.forEach((_, k) => {
      const at = Math.floor(from) + k;
      const covered = Math.max(Math.min(to, at + 1) - Math.max(from, at), 0);
      set(list, k, i, bound(at, inputSize), covered / scale);
    });
  }
  return list;
}

/** A kernel of the distance in input elements; 0 beyond its radius. */
export interface ResamplingKernel {
  readonly radius: number;
  readonly at: (x: number) => number;
}

const lanczos = (radius: number): ResamplingKernel => ({
  radius,
  at: (x) => {
    if (x > radius) return 0;
    if (x <= 1e-3) return 1;
    return (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * x) ** 2;
  },
});

export const KERNELS = {
  linear: {radius: 1, at: (x) => Math.max(0, 1 - x)},
  cubic: {radius: 2, at: cubic},
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
} as const satisfies Record<string, ResamplingKernel>;

/** All elements within the kernel's radius; the kernel is as wide as an output element where `antialias` and the axis shrinks. */
export function kernelTaps(kernel: ResamplingKernel, inputSize: number, outputSize: number, antialias: boolean): Tap[] {
  const scale = single(single(inputSize) / single(outputSize));
  const width = antialias ? Math.max(scale, 1) : 1;
  const reach = kernel.radius * width;
  const list = taps(outputSize, Math.min(2 * Math.ceil(reach) + 1, inputSize));
  for (let i = 0; i < outputSize; i++) {
    const position = single(single(i + 0.5) * scale);
    const start = bound(Math.ceil(position - reach - 0.5), inputSize);
    const end = bound(Math.floor(position + reach - 0.5), inputSize);
    const weights = list.map((_, k) =>
      start + k <= end ? kernel.at(Math.abs((start + k + 0.5 - position) / width)) : 0,
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    weights.forEach((weight, k) => {
      set(list, k, i, bound(start + k, inputSize), sum === 0 ? weight : weight / sum);
    });
  }
  return list;
}
