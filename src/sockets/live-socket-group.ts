/** What rules say about several live sockets at once. */

import { plural } from '../base/units.ts';
import { argumentOf } from '../keepalive/wording.ts';
import type { Facts } from '../policy/facts.ts';
import type { EvidenceValue } from '../report/finding.ts';
import type { Keepalive } from '../report/values.ts';
import { silenceMs } from './keepalive-from-timer.ts';
import type { LiveSocket } from './live-socket.ts';
import { isLocal } from './socket-filter.ts';

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

/** The command that repairs these sockets in their running processes, chosen by the risk that they have behind these middleboxes; none when no word on a command line names them all. */
export function rescueLines(
  sockets: readonly LiveSocket[],
  keepalive: Keepalive,
  { middleboxes, netnsPid }: Pick<Facts, 'middleboxes' | 'netnsPid'>,
): string[] {
  const whose = selectionOf(sockets);
  if (whose === null) return [];
  const { idleMs, intervalMs, count } = keepalive;
  const risks = [...new Set(sockets.map(({ risk }) => risk))].map((risk) => `--risk ${risk}`);
  const judgedBy = middleboxes.map(argumentOf);
  const which = [
    ...namespaceOption(netnsPid),
    ...[whose, ...risks, ...judgedBy],
    ...(sockets.some(isLocal) ? ['--loopback'] : []),
  ].join(' ');
  return [
    '# in the running process, without a restart (shows what it would do; --yes does it):',
    `kaprobe rescue ${which} --idle ${Math.round(idleMs / 1000)}s --interval ${Math.round(intervalMs / 1000)}s --count ${count}`,
  ];
}

/** What a command needs to see the same sockets: nothing in kaprobe's own network namespace. */
export function namespaceOption(netnsPid: number | null): string[] {
  return netnsPid === null ? [] : [`--netns ${netnsPid}`];
}

function selectionOf(sockets: readonly LiveSocket[]): string | null {
  if (sockets.some(({ owners }) => owners.length === 0)) return null;
  const pids = [...new Set(sockets.map(({ owners: [first] }) => first?.pid))];
  if (pids.length <= 3) return pids.map((pid) => `--pid ${pid}`).join(' ');
  const commands = [...new Set(sockets.map(({ owners: [first] }) => first?.command ?? ''))];
  const [command = ''] = commands;
  return commands.length === 1 && /^[\w.:+-]+$/.test(command) ? `--command ${command}` : null;
}
