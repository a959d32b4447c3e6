/** What rules say about several live sockets at once. */

import { plural } from '../../base/units.ts';
import { setsockoptLines } from '../../keepalive/remedy.ts';
import { argumentOf } from '../../keepalive/wording.ts';
import type { EvidenceValue } from '../../report/finding.ts';
import type { Keepalive } from '../../report/values.ts';
import { silenceMs } from '../../sockets/keepalive-from-timer.ts';
import type { LiveSocket } from '../../sockets/live-socket.ts';
import { isLocal, namespaceArgument } from '../../sockets/socket-filter.ts';
import type { SocketsFacts } from './facts.ts';

/** Examples are for recognising; all of it is in the list of sockets. */
const EXAMPLES = 4;

/** The evidence that all rules about live sockets share: how many, whose, to where, silent for how long at most. */
export function evidenceOf(sockets: readonly LiveSocket[]): Record<string, EvidenceValue> {
  const silences = sockets.map(silenceMs).filter((silence) => silence !== null);
  const pids = examples(sockets.flatMap(({ owners }) => owners.map(({ pid }) => String(pid))));
  return {
    sockets: sockets.length,
    pids: pids.length === 0 ? null : pids,
    remotes: examples(sockets.map(({ remote }) => remote)),
    ...(silences.length === 0 ? {} : { longestSilenceMs: silences.reduce((a, b) => Math.max(a, b), 0) }),
  };
}

/** The first different ones, and how many more there are. */
function examples(texts: readonly string[]): string[] {
  const all = new Set(texts);
  const shown = [...all].slice(0, EXAMPLES);
  return all.size > shown.length ? [...shown, `${all.size - shown.length} more`] : shown;
}

/** `1 connection`, `5 connections`. */
export function connections(sockets: readonly LiveSocket[]): string {
  return plural(sockets.length, 'connection');
}

/**
 * Lines that switch the recommended keepalive on: in the running processes, and in the program. None where there is nothing to recommend.
 */
export function rescueLines(sockets: readonly LiveSocket[], facts: SocketsFacts): string[] {
  const { recommended, librarySwitches } = facts;
  if (recommended === null) return [];
  const inProgram = librarySwitches.length > 0 ? librarySwitches : setsockoptLines(recommended);
  return [...rescueCommand(sockets, recommended, facts), ...inProgram];
}

/** The command that chooses these sockets by their risk behind these middleboxes; none when no word on a command line names them all. */
function rescueCommand(
  sockets: readonly LiveSocket[],
  { idleMs, intervalMs, count }: Keepalive,
  { middleboxes, netnsPid }: SocketsFacts,
): string[] {
  const whose = selectionOf(sockets);
  if (whose === null) return [];
  const risks = [...new Set(sockets.map(({ risk }) => risk))].map((risk) => `--risk ${risk}`);
  const which = [
    ...namespaceArgument(netnsPid),
    whose,
    ...risks,
    ...middleboxes.map(argumentOf),
    ...(sockets.some(isLocal) ? ['--loopback'] : []),
  ].join(' ');
  return [
    '# in the running process, without a restart (shows what it would do; --yes does it):',
    `kaprobe rescue ${which} --idle ${Math.round(idleMs / 1000)}s --interval ${Math.round(intervalMs / 1000)}s --count ${count}`,
  ];
}

function selectionOf(sockets: readonly LiveSocket[]): string | null {
  if (sockets.some(({ owners }) => owners.length === 0)) return null;
  const pids = [...new Set(sockets.map(({ owners: [first] }) => first?.pid))];
  if (pids.length <= 3) return pids.map((pid) => `--pid ${pid}`).join(' ');
  const commands = [...new Set(sockets.map(({ owners: [first] }) => first?.command ?? ''))];
  const [command = ''] = commands;
  return commands.length === 1 && /^[\w.:+-]+$/.test(command) ? `--command ${command}` : null;
}
