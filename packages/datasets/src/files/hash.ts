import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {pipeline} from 'node:stream/promises';

/** What a file's content is checked by; `'auto'` takes SHA-256 for 64 digits, else MD5, as Keras does. */
export type HashAlgorithm = 'auto' | 'sha256' | 'md5';

/** The name of the algorithm that a checksum belongs to. */
export function algorithmOf(algorithm: HashAlgorithm, hash: string): 'sha256' | 'md5' {
  if (algorithm !== 'auto') return algorithm;
  return hash.length === 64 ? 'sha256' : 'md5';
}

/** The checksum of a file, as hexadecimal digits. */
export async function hashFile(path: string, algorithm: 'sha256' | 'md5'): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
