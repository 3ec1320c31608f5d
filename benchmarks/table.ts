import {digits, isSpeed, type Row} from './harness.js';
import {type PeerRow} from './peers.js';

/** The columns of a table: which peers, by the beginning of their names, and whether the name has to be said. */
const COLUMNS = [
  {title: 'Keras / TF', has: /^(Keras \d|TensorFlow \d)/, isNamed: false},
  {title: 'PyTorch', has: /^PyTorch/, isNamed: false},
  {title: 'JAX', has: /^(JAX|Keras on JAX)/, isNamed: true},
  {title: 'others', has: /^(?!Keras|TensorFlow \d|PyTorch|JAX)/, isNamed: true},
] as const;

/** Our time by a peer's, or a peer's speed by ours: below 1 means that ours is better. */
const ratioOf = (own: Row, peer: PeerRow): number => (isSpeed(own) ? peer.value / own.value : own.value / peer.value);

/** The peers' rows of a workload, the best first. */
const peersOf = (own: Row, peers: readonly PeerRow[]): readonly PeerRow[] =>
  peers
    .filter(({workload, unit}) => workload === own.workload && unit === own.unit)
    .sort((a, b) => ratioOf(own, b) - ratioOf(own, a));

/** What a peer was told where it is not as it comes: `fused` of `PyTorch 2.15.0, fused`. */
const kindOf = ({peer}: PeerRow): string => peer.split(', ').slice(1).join(', ');

/** The peers of a row as lines of text. */
export function peerLines(own: Row, peers: readonly PeerRow[]): string[] {
  return peersOf(own, peers).map((peer) => {
    const {value, unit, min = value, max = value, repetitions = 1} = peer;
    const spread = `(${digits(min)} to ${digits(max)}, n ${String(repetitions)})`;
    return `    ${peer.peer.padEnd(42)} ${digits(value).padStart(8)} ${unit}  ${spread}  ratio ${ratioOf(own, peer).toFixed(2)}`;
  });
}

/**
 * The rows as a table in Markdown. A cell holds the median of the best variant of its column's libraries with the ratio to ours; after ours
 * comes the ratio of the best repetition to the best one of the fastest peer.
 */
export function markdown(
  rows: readonly Row[],
  peers: readonly PeerRow[],
  about: Readonly<Record<string, unknown>>,
): string {
  const lines = rows.map((own) => {
    const others = peersOf(own, peers);
    const cells = COLUMNS.map(({has, isNamed}) => {
      const best = others.filter(({peer}) => has.test(peer));
      // Each library of the last columns by name, the others by their best variant.
      const shown = isNamed ? best : best.slice(0, 1);
      return shown
        .map((peer) => {
          const kind = isNamed ? peer.peer : kindOf(peer);
          return `${digits(peer.value)} ${peer.unit}${kind === '' ? '' : `, ${kind}`} (${ratioOf(own, peer).toFixed(2)})`;
        })
        .join('; ');
    });
    const [fastest] = others;
    const bests = fastest === undefined ? '' : bestOf(own, fastest);
    const share = own.ratio === undefined ? '' : `${(own.ratio.value * 100).toFixed(0)} % of ${own.ratio.of}`;
    return `| ${[own.workload, `${digits(own.value)} ${own.unit}`, ...cells, bests, share].join(' | ')} |`;
  });
  const titles = ['Workload', 'Keratin', ...COLUMNS.map(({title}) => title), 'best by best', 'share'];
  return [
    Object.entries(about)
      .map(([key, value]) => `${key} ${String(value)}`)
      .join(', '),
    '',
    "Medians of one run; in brackets our time by the peer's (or its speed by ours): below 1, ours is faster.",
    '',
    `| ${titles.join(' | ')} |`,
    `|${' --- |'.repeat(titles.length)}`,
    ...lines,
    '',
  ].join('\n');
}

/** The ratio of the best repetitions. */
function bestOf(own: Row, peer: PeerRow): string {
  const ratio = isSpeed(own) ? (peer.max ?? peer.value) / own.max : own.min / (peer.min ?? peer.value);
  return ratio.toFixed(2);
}
