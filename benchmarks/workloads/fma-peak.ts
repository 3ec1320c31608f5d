import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** GFLOP/s that this machine's fused multiply-adds reach now, measured by a small C++ program. */
export function fmaPeak(threads: number): number {
  const folder = mkdtempSync(join(tmpdir(), 'keratin-bench-'));
  try {
    const program = join(folder, 'fma-peak');
    const source = fileURLToPath(new URL('../native/fma-peak.cpp', import.meta.url));
    const flags = ['-O3', '-march=native', '-mprefer-vector-width=512', '-ffp-contract=fast', '-std=c++20', '-pthread'];
    execFileSync(process.env['CXX'] ?? 'c++', [...flags, source, '-o', program]);
    return Number(execFileSync(program, [String(threads)], {encoding: 'utf8'}));
  } finally {
    rmSync(folder, {recursive: true});
  }
}
