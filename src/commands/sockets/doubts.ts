/** What a listing of sockets may lack: doubts about all of it, and gaps where the question has no answer. */
import { plural } from '../../base/units.ts';
import type { Gap } from '../../report/report.ts';
import type { OwnerSearch } from '../../sockets/live-socket.ts';
import type { LiveSocketsLook } from '../../sockets/live-sockets.ts';
import { DATA_IN_FLIGHT } from '../../sockets/probe-budget.ts';
import { filterRows, type SocketRows, socketsOf } from '../../sockets/socket-table.ts';
import { CLOSED_MEANWHILE, type KeepaliveProbed } from '../../sockets/verify-sockets.ts';
import type { SocketsData } from './report.ts';

/** What may be missing or inexact in what was seen. */
export function doubtsAbout({
  source,
  withoutSockDiag,
  withoutOptions,
  consistent,
  ownerSearch,
}: LiveSocketsLook): string[] {
  const doubts: string[] = [];
  if (source === 'procfs')
    doubts.push(
      `read from /proc/net/tcp, without the times of the last packets, because there is no sock_diag: ${withoutSockDiag}`,
    );
  if (ownerSearch.kind === 'searched' && withoutOptions !== null && source !== 'procfs')
    doubts.push(`no options could be read from the sockets: ${withoutOptions}`);
  if (!consistent)
    doubts.push("the kernel's tables changed while they were read: sockets may be missing or listed twice");
  if (ownerSearch.kind === 'searched') doubts.push(...doubtsAboutOwners(ownerSearch));
  return doubts;
}

/** What --verify has left behind where it lacked the right to leave nothing. */
export function doubtsAboutProbes({ sockets, idlePinned }: KeepaliveProbed): string[] {
  if (sockets === 0) return [];
  return [
    `without CAP_NET_ADMIN --verify asked on ${plural(sockets, 'socket')} by keepalive probes: SO_KEEPALIVE and TCP_KEEPIDLE were changed for some milliseconds and set back; probes without an answer stay counted until one comes`,
    ...(idlePinned > 0
      ? [
          `on ${idlePinned} of these TCP_KEEPIDLE was that of the sysctl net.ipv4.tcp_keepalive_time and is now fixed at its value: later changes of the sysctl do not reach ${idlePinned === 1 ? 'it' : 'them'}`,
        ]
      : []),
  ];
}

function doubtsAboutOwners({
  hiddenProcesses,
  processesInvisible,
}: Extract<OwnerSearch, { kind: 'searched' }>): string[] {
  return [
    ...(hiddenProcesses > 0
      ? [
          `the descriptors of ${plural(hiddenProcesses, 'process').replace('processs', 'processes')} may not be seen: run as root to know the owners of all sockets`,
        ]
      : []),
    ...(processesInvisible && process.geteuid?.() !== 0
      ? ['/proc is mounted with hidepid: processes of other users do not show']
      : []),
  ];
}

/** What was asked for and is not known. Sockets whose keepalive is not known are one gap together. */
export function gapsIn(
  { ownerSearch, summary }: SocketsData,
  list: SocketRows,
  { byProcess, verify }: { byProcess: boolean; verify: boolean },
): Gap[] {
  const gaps: Gap[] = [];
  const unknown = summary.byRisk.unmeasured;
  if (unknown > 0) {
    const fromTimer = filterRows(list, ({ risk, keepalive }) => risk === 'unmeasured' && keepalive.source === 'timer')
      .rows.length;
    const reasons = [
      ...(fromTimer > 0 ? [`of ${fromTimer} only a running timer is known, which does not show the settings`] : []),
      ...(fromTimer < unknown ? [`of ${unknown - fromTimer} another timer hides it`] : []),
    ];
    gaps.push({
      subject: `${unknown} of ${plural(summary.sockets, 'socket')}`,
      what: 'keepalive',
      reason: `${reasons.join(', ')}; ${ownerSearch.kind === 'searched' ? 'reading it from the sockets takes ptrace permission over their processes, which root has' : 'without --no-owners it is read from the sockets'}`,
    });
  }
  const unverified = verify ? socketsOf(filterRows(list, ({ verified }) => verified?.kind === 'unmeasured')) : [];
  const unasked = unverified.flatMap(({ state, unacked, verified }) =>
    // In other states, and with data in flight, there is nothing to ask.
    verified?.kind === 'unmeasured' &&
    state === 'established' &&
    (unacked ?? 0) === 0 &&
    verified.reason !== CLOSED_MEANWHILE &&
    verified.reason !== DATA_IN_FLIGHT
      ? [verified.reason]
      : [],
  );
  if (unasked.length > 0) {
    const [first = '', ...others] = new Set(unasked);
    gaps.push({
      subject: `${unasked.length} of ${plural(summary.sockets, 'socket')}`,
      what: 'whether the far end answers',
      reason: others.length === 0 ? first : `${first}; and ${plural(others.length, 'other reason')}`,
    });
  }
  if (byProcess && ownerSearch.kind === 'searched' && ownerSearch.hiddenProcesses > 0) {
    gaps.push({
      subject: 'selection',
      what: 'sockets of these processes',
      reason: 'some processes may not be looked into, so sockets that they hold may be missing here',
    });
  }
  return gaps;
}
