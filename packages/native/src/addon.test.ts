import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, describe, expect, test, vi} from 'vitest';
import {ABI, ADDON_KEYS, loadAddon} from './addon.js';

const folder = mkdtempSync(join(tmpdir(), 'keratin-addon-'));
afterAll(() => rmSync(folder, {recursive: true}));
afterEach(() => vi.unstubAllEnvs());

/** Whatever the reason is, the sentence says where it happened and what to do. */
const MACHINE = `${process.platform}-${process.arch}${process.platform === 'linux' ? '-(glibc|musl)' : ''}, Node ${process.versions.node}`;
const NEXT =
  'run "node scripts/build.mjs" in the @keratin/native package \\(it needs Python 3 and a C\\+\\+20 compiler';

function fails(path: string): string {
  try {
    loadAddon(path);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return 'it loads';
}

describe('the border', () => {
  test('is what TypeScript says it is', () => {
    const addon = loadAddon();
    expect(Object.keys(addon).sort()).toEqual([...ADDON_KEYS].sort());
    expect(addon.abi).toBe(ABI);
    expect(['baseline', 'avx2', 'avx512']).toContain(addon.isa);
  });
});

describe('an addon that does not load', () => {
  test('because it was never built', () => {
    expect(fails(join(folder, 'missing.node'))).toMatch(
      new RegExp(`^@keratin/native: the addon was not built for ${MACHINE}; ${NEXT}`),
    );
  });

  test('because the file is no library for this machine', () => {
    const path = join(folder, 'text.node');
    writeFileSync(path, 'something else');
    const message = fails(path);
    expect(message).toMatch(
      new RegExp(`^@keratin/native: the addon does not load on ${MACHINE} \\(.*text\\.node.*\\); ${NEXT}`),
    );
    expect(message).not.toContain('\n');
  });

  test('because it was built from another version', () => {
    const path = join(folder, 'old.cjs');
    writeFileSync(path, 'exports.abi = 0;');
    expect(fails(path)).toMatch(
      new RegExp(`border is version 0, this package speaks ${String(ABI)} \\(${MACHINE}\\); ${NEXT}`),
    );
  });

  test('because no such instruction set exists', () => {
    vi.stubEnv('KERATIN_ISA', 'avx3');
    expect(() => loadAddon()).toThrow(
      '@keratin/native: KERATIN_ISA must be one of baseline, avx2, avx512, got "avx3"; unset it to use the best that the CPU has',
    );
  });
});
