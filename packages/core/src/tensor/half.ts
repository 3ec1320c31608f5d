import {type DType} from '../dtype.js';

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The 16 bits of a number, rounded to nearest even. */
export function encodeHalf(value: number, dtype: 'float16' | 'bfloat16'): number {
  float[0] = value;
  const x = bits[0] ?? 0;
  if (dtype === 'bfloat16') {
    if (Number.isNaN(value)) return 0x7fc0;
    return ((x + 0x7fff + ((x >>> 16) & 1)) >>> 16) & 0xffff;
  }
  const sign = (x >>> 16) & 0x8000;
  const magnitude = Math.abs(float[0]);
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  // Multiples of the spacing at this exponent; below 2^-14 the spacing stays 2^-24.
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), -14);
  const steps = roundHalfEven(magnitude / 2 ** (exponent - 10));
  return sign | (magnitude < 2 ** -14 ? steps : ((exponent + 15) << 10) + (steps - 1024));
}

function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** The number that 16 bits stand for. */
export function decodeHalf(code: number, dtype: 'float16' | 'bfloat16'): number {
  if (dtype === 'bfloat16') {
    bits[0] = code << 16;
    return float[0] ?? 0;
  }
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >>> 10) & 0x1f;
  const fraction = code & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** A number as a floating dtype holds it. */
export function roundTo(value: number, dtype: DType): number {
  if (dtype === 'float32' || dtype === 'complex64') return Math.fround(value);
  if (dtype === 'float16' || dtype === 'bfloat16') return decodeHalf(encodeHalf(value, dtype), dtype);
  return value;
}
