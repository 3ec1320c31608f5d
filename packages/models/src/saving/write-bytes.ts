import {writeAtomic} from '@keratin/core/internal';

/** Writes a file whole or not at all. */
export const writeBytes = (path: string, bytes: Uint8Array): Promise<void> =>
  writeAtomic(path, async (handle) => {
    for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
  });
