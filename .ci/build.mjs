// Builds the program and the library into dist/ as CommonJS files, split where the sources import() lazily, so that each run compiles only
// what it uses: node starts that faster than ES modules and than one large file (`npm run bench` has the figures). koffi and ping-lite stay
// outside: the first is native, both are loaded only where they are used.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, transform } from 'esbuild';
import { writeRegistries } from './registries.mjs';

writeRegistries();

// commander requires node:child_process for executable subcommands, which kaprobe has none of; loading it (and with it
// node:net and node:dgram) would be a third of the cost of `kaprobe --help`.
const withoutChildProcessInCommander = {
  name: 'without-child-process-in-commander',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?child_process$/ }, ({ importer }) =>
      importer.includes('/commander/') ? { path: 'unused', namespace: 'empty' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'module.exports = {}', loader: 'js' }));
  },
};

const { outputFiles, metafile } = await build({
  entryPoints: ['src/cli.ts', 'src/index.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true, // which esbuild offers for ES modules only: they become CommonJS below
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: ['koffi', 'ping-lite'],
  alias: { '@commander-js/extra-typings': 'commander' }, // the former only adds types
  write: false,
  metafile: true,
  logLevel: 'warning',
  plugins: [withoutChildProcessInCommander],
});

// What a file exports never changes once it has run. esbuild has a getter for each export all the same, through which every use in another
// file would go, in loops over a hundred thousand sockets too.
const PLAIN_EXPORTS = 'module.exports = { ...module.exports };\n';

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
for (const { path, text } of outputFiles) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    // Turns import() into require(): the ES module loader would cost more than what is loaded.
    supported: { 'dynamic-import': false },
    minify: true,
    keepNames: true,
  });
  writeFileSync(join('dist', basename(path)), code + PLAIN_EXPORTS);
}
// The sources are ES modules, what is built from them is not.
writeFileSync(join('dist', 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);

// The licences of what is bundled ask to travel with it.
const bundled = new Set(
  Object.keys(metafile.inputs).flatMap((path) => path.match(/^node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []),
);
const notices = [...bundled].sort().map((folder) => {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const licence = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  if (licence === undefined) throw new Error(`${folder} has no licence file: it cannot be bundled`);
  return `${name} ${version}\n\n${readFileSync(join(folder, licence), 'utf8').trim()}\n`;
});
writeFileSync(join('dist', 'third-party-licences.txt'), notices.join(`\n${'-'.repeat(72)}\n\n`));
