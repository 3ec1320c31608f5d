import {FileFormatError, type Tensor, tensor} from '@keratin/core';
import {describe} from '@keratin/core/internal';

// RIFF WAVE (Microsoft, 1991): chunks of a name, a length and bytes; "fmt " says how the samples of "data" are written.

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/** The sound in a WAV file. */
export interface Sound {
  /** float32 (samples, channels), -1 to 1. */
  readonly samples: Tensor;
  /** Samples a second. */
  readonly samplingRate: number;
}

/**
 * Reads a WAV file: PCM of 8, 16, 24 and 32 bits, and floats.
 *
 * @throws FileFormatError for other files and damaged ones
 */
export function decodeWav(bytes: Uint8Array, label: string): Sound {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const refuse = (problem: string): never => {
    throw new FileFormatError(`${label} is no WAV file that can be read: ${problem}`);
  };
  if (buffer.toString('latin1', 0, 4) !== 'RIFF' || buffer.toString('latin1', 8, 12) !== 'WAVE') {
    return refuse('it does not begin with "RIFF" and "WAVE"');
  }
  let format: Buffer | null = null;
  for (let at = 12; at + 8 <= buffer.length;) {
    const name = buffer.toString('latin1', at, at + 4);
    const size = buffer.readUInt32LE(at + 4);
    const start = at + 8;
    if (start + size > buffer.length) return refuse(`its chunk ${describe(name)} ends after the file`);
    const chunk = buffer.subarray(start, start + size);
    if (name === 'fmt ') format = chunk;
    if (name === 'data') return soundOf(format ?? refuse('it has no format before its data'), chunk, refuse);
    at = start + size + (size % 2);
  }
  return refuse('it has no data');
}

function soundOf(format: Buffer, data: Buffer, refuse: (problem: string) => never): Sound {
  if (format.length < 16) return refuse('its format is cut off');
  const named = format.readUInt16LE(0);
  const kind = named === EXTENSIBLE && format.length >= 26 ? format.readUInt16LE(24) : named;
  const [channels, samplingRate, bits] = [format.readUInt16LE(2), format.readUInt32LE(4), format.readUInt16LE(14)];
  if (channels === 0 || samplingRate === 0) return refuse('it has no channels or no rate');
  const read = readerOf(kind, bits) ?? refuse(`its samples are of kind ${String(kind)} with ${String(bits)} bits`);
  const step = bits / 8;
  const count = Math.floor(data.length / (step * channels));
  const values = Float32Array.from({length: count * channels}, (_, i) => read(data, i * step));
  return {samples: tensor(values, {shape: [count, channels]}), samplingRate};
}

function readerOf(kind: number, bits: number): ((data: Buffer, at: number) => number) | null {
  if (kind === FLOAT) {
    if (bits === 32) return (data, at) => data.readFloatLE(at);
    return bits === 64 ? (data, at) => data.readDoubleLE(at) : null;
  }
  if (kind !== PCM) return null;
  switch (bits) {
    case 8:
      return (data, at) => (data.readUInt8(at) - 128) / 128;
    case 16:
      return (data, at) => data.readInt16LE(at) / 2 ** 15;
    case 24:
      return (data, at) => data.readIntLE(at, 3) / 2 ** 23;
    case 32:
      return (data, at) => data.readInt32LE(at) / 2 ** 31;
    default:
      return null;
  }
}
