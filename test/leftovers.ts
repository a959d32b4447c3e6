import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What outlives processes and stands in no folder, one name each: network namespaces with a name, nftables' tables and devices of this one. */
export function machineState(): string[] {
  const mounts = linesOf('/proc/self/mountinfo').filter((line) => line.includes(' - nsfs '));
  const tables = spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' });
  return [
    ...namesIn('/run/netns').map((name) => `network namespace ${name}`),
    ...mounts.map((line) => `namespace mounted at ${line.split(' ')[4]}`),
    ...(tables.stdout ?? '').split('\n').filter(Boolean),
    ...namesIn('/sys/class/net').map((name) => `network device ${name}`),
  ];
}

/**
 * What a run with that folder has left behind now that it is over, a line each. `before`: the state of the machine when it began. `graceMs`: so
 * long its processes may take to end.
 */
export async function leftBehind(folder: string, before: readonly string[], graceMs = 3000): Promise<string[]> {
  const latestMs = performance.now() + graceMs;
  while (processesOf(folder).length > 0 && performance.now() < latestMs) await sleep(100);
  return [
    ...processesOf(folder),
    ...machineState().filter((name) => !before.includes(name)),
    ...namesIn(folder).map((name) => `file ${folder}/${name}`),
  ];
}

/** Processes that inherited the run's environment, or work in its folder: a server that writes its title may overwrite its environment. */
function processesOf(folder: string): string[] {
  return namesIn('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .filter((pid) => textOf(`/proc/${pid}/environ`).includes(`KAPROBE_TEST_RUN=${folder}\0`) || worksIn(pid, folder))
    .map((pid) => ({ pid, command: textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }))
    .filter(({ pid, command }) => !(isChild(pid) && command.includes('/vitest/')))
    .map(({ pid, command }) => `process ${pid}: ${command === '' ? textOf(`/proc/${pid}/comm`).trim() : command}`);
}

function worksIn(pid: string, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
  } catch {
    return false; // it has ended, or is another's
  }
}

/** Vitest ends the workers that it keeps only after its reporters are told of the end. */
const isChild = (pid: string): boolean => linesOf(`/proc/${pid}/status`).includes(`PPid:\t${process.pid}`);

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // there are none, or this is not Linux
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process has ended, or is another's
  }
}

const linesOf = (path: string): string[] => textOf(path).split('\n');
