import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const source = fileURLToPath(new URL('../../benchmarks/native/fma-peak.cpp', import.meta.url));

/** GFLOP/s that fused multiply-adds of so many threads reach on this machine now, or null where there is no C++ compiler to measure it. */
export function fmaPeak(threads: number): number | null {
  const folder = mkdtempSync(join(tmpdir(), 'keratin-example-'));
  try {
    const program = join(folder, 'fma-peak');
    const flags = ['-O3', '-march=native', '-mprefer-vector-width=512', '-ffp-contract=fast', '-std=c++20', '-pthread'];
    execFileSync(process.env['CXX'] ?? 'c++', [...flags, source, '-o', program], {stdio: 'pipe'});
    return Number(execFileSync(program, [String(threads)], {encoding: 'utf8'}));
  } catch {
    return null;
  } finally {
    rmSync(folder, {recursive: true});
  }
}
