// PKWARE's APPNOTE.TXT, sections 4.3 and 4.5: local headers with data, the central directory, its end record. What archives of
// arrays use: entries stored or deflated, ZIP64 sizes, no encryption.

export const LOCAL = 0x04034b50;
export const CENTRAL = 0x02014b50;
export const DESCRIPTOR = 0x08074b50;
export const END = 0x06054b50;
export const END64 = 0x06064b50;
export const LOCATOR64 = 0x07064b50;
export const END_BYTES = 22;
export const MAX_COMMENT = 0xffff;
export const STORED = 0;
export const DEFLATED = 8;
/** In fields of 32 bits: look into the ZIP64 field. */
export const IN_ZIP64 = 0xffffffff;
/** In fields of 16 bits, as {@link IN_ZIP64}. */
export const COUNT_IN_ZIP64 = 0xffff;
/** Deflate makes at most 258 bytes of two bits, a little less with its headers. */
export const MAX_RATIO = 1032;
