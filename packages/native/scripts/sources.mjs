// Prints the C++ sources of one part of the addon for binding.gyp: `node scripts/sources.mjs core|hot`.
import {readdirSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const parts = {
  core: ['src/runtime', 'src/runtime/contracts', 'src/program', 'src/binding', 'src/kernels'],
  hot: ['src/kernels/hot'],
};

for (const folder of parts[process.argv[2]]) {
  for (const file of readdirSync(new URL(folder, `file://${root}`)).sort()) {
    if (file.endsWith('.cpp')) console.log(`${folder}/${file}`);
  }
}
