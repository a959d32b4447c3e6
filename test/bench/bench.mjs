// npm run bench: what kaprobe costs beside its peers, in one run on one machine. Prints ratios; asserts nothing.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { benchSockets } from './sockets.mjs';

const PROGRAM = fileURLToPath(new URL('../../bin/kaprobe.js', import.meta.url));
const RUNS = 20;

/** Wall time of one whole process, in milliseconds. */
function timeOnce(args) {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const elapsedMs = performance.now() - startedAt;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return elapsedMs;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Runs both in turn, A B A B …, so that a machine whose speed drifts treats them alike. */
function compare(name, args, peerName, peerArgs) {
  timeOnce(args);
  timeOnce(peerArgs);
  const pairs = Array.from({ length: RUNS }, () => ({ own: timeOnce(args), peer: timeOnce(peerArgs) }));
  const ratio = median(pairs.map(({ own, peer }) => own / peer));
  const own = median(pairs.map((pair) => pair.own));
  const peer = median(pairs.map((pair) => pair.peer));
  console.log(
    `${name.padEnd(28)} ${own.toFixed(1).padStart(8)} ms   ${peerName.padEnd(12)} ${peer.toFixed(1).padStart(8)} ms   ratio ${ratio.toFixed(2)}`,
  );
}

console.log(`start-up, whole processes, median of ${RUNS} pairs (node ${process.version})`);
const BARE = ['-e', '0'];
compare('kaprobe --version', [PROGRAM, '--version'], 'node -e 0', BARE);
compare('kaprobe --help', [PROGRAM, '--help'], 'node -e 0', BARE);
compare('kaprobe check --help', [PROGRAM, 'check', '--help'], 'node -e 0', BARE);
compare('kaprobe sysctl', [PROGRAM, 'sysctl'], 'node -e 0', BARE);

/** What is TypeScript is bundled in memory, and imported from there. */
async function bundled(url) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(url)],
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['koffi'],
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

const { compareLadders } = await bundled(new URL('ladder.ts', import.meta.url));
console.log();
compareLadders((line) => console.log(line));

const { benchWatch } = await bundled(new URL('watch.ts', import.meta.url));
console.log();
await benchWatch(PROGRAM, (line) => console.log(line));

console.log();
await benchSockets(PROGRAM, (line) => console.log(line));
