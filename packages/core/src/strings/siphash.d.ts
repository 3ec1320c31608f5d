declare module 'siphash' {
  /** SipHash-2-4 of bytes: the high and the low half of 64 bits. */
  export function hash(key: Uint32Array, message: Uint8Array): {readonly h: number; readonly l: number};
}
