import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** The number that a small C++ program of `native/` prints, compiled for this machine. */
export function nativeFigure(name: string, args: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'keratin-bench-'));
  try {
    const program = join(folder, name);
    const source = fileURLToPath(new URL(`../native/${name}.cpp`, import.meta.url));
    const flags = ['-O3', '-march=native', '-mprefer-vector-width=512', '-ffp-contract=fast', '-std=c++20', '-pthread'];
    execFileSync(process.env['CXX'] ?? 'c++', [...flags, source, '-o', program]);
    return Number(execFileSync(program, args, {encoding: 'utf8'}));
  } finally {
    rmSync(folder, {recursive: true});
  }
}
