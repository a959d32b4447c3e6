// Bundles the program and the library into dist/, each one CommonJS file: `npm run bench` shows what that saves at start-up
// against separate modules. koffi and ping-lite stay outside: the first is native, both are loaded only where they are used.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

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

rmSync('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: ['src/cli.ts', 'src/index.ts'],
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  external: ['koffi', 'ping-lite'],
  minify: true,
  keepNames: true,
  metafile: true,
  logLevel: 'warning',
  plugins: [withoutChildProcessInCommander],
});

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
