// What `kaprobe sockets` costs beside `ss` with 100,000 sockets, in pairs. Needs python3 and ss; both know the owners only as root.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CONNECTIONS = 50_000;
const PAIRS = 7;
const HOLDER = fileURLToPath(new URL('many-sockets.py', import.meta.url));
/** Tells how much memory the program ever had. */
const PEAK_MEMORY = `data:text/javascript,process.on('exit',()=>process.stderr.write('maxrss '+process.resourceUsage().maxRSS))`;

/** Wall time of one whole process, in milliseconds, and what it says on stderr. */
function timeOnce([command, ...args]) {
  const nowhere = openSync('/dev/null', 'w');
  const startedAt = performance.now();
  const { stderr, error } = spawnSync(command, args, { stdio: ['ignore', nowhere, 'pipe'] });
  const elapsedMs = performance.now() - startedAt;
  closeSync(nowhere);
  if (error !== undefined) throw error;
  return { elapsedMs, stderr: String(stderr) };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs both in turn, and prints the median of the ratios within each pair. */
function compare(print, name, own, peerName, peer) {
  timeOnce(own);
  timeOnce(peer);
  const pairs = Array.from({ length: PAIRS }, () => ({
    own: timeOnce(own).elapsedMs,
    peer: timeOnce(peer).elapsedMs,
  }));
  const [ownMs, peerMs] = [median(pairs.map((pair) => pair.own)), median(pairs.map((pair) => pair.peer))];
  const ratio = median(pairs.map((pair) => pair.own / pair.peer));
  print(
    `${name.padEnd(34)} ${ownMs.toFixed(0).padStart(6)} ms   ${peerName.padEnd(9)} ${peerMs.toFixed(0).padStart(6)} ms   ratio ${ratio.toFixed(2)}`,
  );
}

/** `program`: bin/kaprobe.js. Prints lines, and why there are none. */
export async function benchSockets(program, print) {
  const holder = spawn('python3', [HOLDER, String(CONNECTIONS)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const over = once(holder, 'exit');
  const ready = await Promise.race([once(holder.stdout, 'data').then(() => true), over.then(() => false)]);
  try {
    if (!ready || spawnSync('ss', ['-V']).status !== 0) {
      print('sockets: not measured, needs python3, ss and 20,000 descriptors a process');
      return;
    }
    print(`${2 * CONNECTIONS} sockets on loopback, median of ${PAIRS} pairs`);
    const sockets = [process.execPath, program, 'sockets', '--format', 'json'];
    compare(print, 'sockets --no-owners --format json', [...sockets, '--no-owners'], 'ss -tno', ['ss', '-tno']);
    compare(print, 'sockets --format json', sockets, 'ss -tnop', ['ss', '-tnop']);
    const { stdout } = spawnSync(sockets[0], sockets.slice(1), { maxBuffer: 2 ** 30 });
    const { stderr } = timeOnce([sockets[0], '--import', PEAK_MEMORY, ...sockets.slice(1)]);
    const peakMiB = Number(/maxrss (\d+)/.exec(stderr)?.[1]) / 1024;
    const jsonMiB = stdout.length / 2 ** 20;
    print(
      `peak memory ${peakMiB.toFixed(0)} MiB, JSON ${jsonMiB.toFixed(0)} MiB: ${(3 * jsonMiB + 150).toFixed(0)} MiB allowed`,
    );
  } finally {
    holder.stdin.end();
    await over;
  }
}
