// Where blocks of memory lie that are needed at different times.

/** The first and the last instruction that touch a block. */
export interface Life {
  first: number;
  last: number;
}

/** Memory that is needed for some time. */
export interface Block extends Readonly<Life> {
  readonly bytes: number;
}

export interface Arena {
  readonly bytes: number;
  /** The most bytes that are needed at one time: no layout takes less. */
  readonly liveBytes: number;
  /** Of each block. */
  readonly offsets: readonly number[];
}

const ALIGNMENT = 64;
// The second layout looks at all pairs of blocks.
const MOST_PAIRED = 2000;

/**
 * Offsets for blocks, so that those that are needed at one time do not overlap. Blocks are placed in the order of time, each in the gap that
 * fits it best; where that takes more than is needed at one time, also from the largest to the smallest, each as low as it can lie.
 */
export function layOutArena(blocks: readonly Block[]): Arena {
  const sizes = blocks.map(({bytes}) => Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT));
  const liveBytes = mostLive(blocks, sizes);
  const byTime = inOrderOfTime(blocks, sizes);
  if (byTime.bytes === liveBytes || blocks.length > MOST_PAIRED) return {...byTime, liveBytes};
  const bySize = inOrderOfSize(blocks, sizes);
  return {...(bySize.bytes < byTime.bytes ? bySize : byTime), liveBytes};
}

function mostLive(blocks: readonly Block[], sizes: readonly number[]): number {
  const events = blocks.flatMap(({first, last}, i) => [
    {at: first, change: sizes[i] ?? 0},
    {at: last + 1, change: -(sizes[i] ?? 0)},
  ]);
  events.sort((a, b) => a.at - b.at || a.change - b.change);
  let live = 0;
  let most = 0;
  for (const {change} of events) {
    live += change;
    most = Math.max(most, live);
  }
  return most;
}

type Layout = Pick<Arena, 'bytes' | 'offsets'>;

/** Best fit among what is free. */
function inOrderOfTime(blocks: readonly Block[], sizes: readonly number[]): Layout {
  const offsets = new Array<number>(blocks.length).fill(0);
  const order = blocks.map((block, i) => ({block, i})).sort((a, b) => a.block.first - b.block.first);
  const live: {offset: number; bytes: number; last: number}[] = [];
  let total = 0;
  for (const {block, i} of order) {
    const bytes = sizes[i] ?? 0;
    for (let k = live.length - 1; k >= 0; k--) if ((live[k]?.last ?? 0) < block.first) live.splice(k, 1);
    let best = -1;
    let slack = Infinity;
    let at = 0;
    let index = live.length;
    live.forEach((other, k) => {
      const gap = other.offset - at;
      if (gap >= bytes && gap - bytes < slack) {
        best = at;
        slack = gap - bytes;
        index = k;
      }
      at = other.offset + other.bytes;
    });
    const offset = best >= 0 ? best : at;
    live.splice(index, 0, {offset, bytes, last: block.last});
    offsets[i] = offset;
    total = Math.max(total, offset + bytes);
  }
  return {bytes: total, offsets};
}

/** The largest first, each in the lowest gap between those that are needed at the same time (Pisarchyk and Lee, 2020). */
function inOrderOfSize(blocks: readonly Block[], sizes: readonly number[]): Layout {
  const offsets = new Array<number>(blocks.length).fill(0);
  const order = blocks.map((_, i) => i).sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
  const placed: {offset: number; end: number; first: number; last: number}[] = [];
  let total = 0;
  for (const i of order) {
    const [block, bytes] = [blocks[i], sizes[i] ?? 0];
    if (block === undefined) continue;
    let offset = 0;
    for (const other of placed) {
      if (other.last < block.first || other.first > block.last) continue;
      if (other.offset - offset >= bytes) break;
      offset = Math.max(offset, other.end);
    }
    const place = placed.findIndex((other) => other.offset > offset);
    placed.splice(place < 0 ? placed.length : place, 0, {
      offset,
      end: offset + bytes,
      first: block.first,
      last: block.last,
    });
    offsets[i] = offset;
    total = Math.max(total, offset + bytes);
  }
  return {bytes: total, offsets};
}
