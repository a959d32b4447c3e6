import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Waits for end of file on its standard input: either the owner closed it, or the owner died. Then it kills what is left in the network
 * namespaces that it was given as descriptors, and exits. It holds the namespaces until then, so that their numbers cannot come to mean
 * another's. Plain JavaScript for `node --eval`, because it must outlive the program that it came in.
 */
const GUARD = `
'use strict';
const { readdirSync, readlinkSync } = require('node:fs');
process.title = 'kaprobe-lab';
const ours = new Set(process.argv.slice(1).map((descriptor) => readlinkSync('/proc/self/fd/' + descriptor)));
function sweep() {
  let found = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(entry) || Number(entry) === process.pid) continue;
    try {
      if (!ours.has(readlinkSync('/proc/' + entry + '/ns/net'))) continue;
      process.kill(Number(entry), 'SIGKILL');
      found += 1;
    } catch {}
  }
  return found;
}
// One clean sweep is not enough: something may just have been on its way in.
function clear(sweeps, clean) {
  if (clean === 2) process.exit(0);
  if (sweeps === 200) process.exit(1);
  setTimeout(clear, clean === 0 ? 0 : 30, sweeps + 1, sweep() === 0 ? clean + 1 : 0);
}
let begun = false;
function begin() {
  if (!begun) clear(0, 0);
  begun = true;
}
process.stdin.on('end', begin).on('close', begin).on('error', begin).resume();
`;

/**
 * Starts the guard of a lab: a process that ends whatever runs in these network namespaces as soon as its standard input ends, and then
 * exits, with 0 when nothing is left there. It has a session of its own, so that Ctrl-C and a killed process group do not reach it.
 * Like any child process, it has no `pid` when it could not be started.
 */
export function startGuard(nets: readonly number[]): ChildProcess {
  const descriptors = nets.map((_, index) => String(index + 3));
  const guard = spawn(process.execPath, ['--eval', GUARD, '--', ...descriptors], {
    stdio: ['pipe', 'ignore', 'ignore', ...nets],
    cwd: '/',
    // What is meant for the owner's Node (a debugger's port, a coverage folder) is not meant for this one.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_'))),
    detached: true,
  });
  guard.stdin?.on('error', () => {}); // it may have been killed
  guard.on('error', () => {});
  guard.unref();
  return guard;
}
