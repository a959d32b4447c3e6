/** The answer of the room: shows what would be done with the sockets that are meant, or does it, and watches what becomes of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CapabilityError } from '../../base/errors.ts';
import { CONNECTION_STATES } from '../../base/tcp-state.ts';
import { keepaliveFacts } from '../../keepalive/facts.ts';
import { rules as keepaliveRules } from '../../keepalive/rules/registry.generated.ts';
import { type Libc, loadLibc } from '../../linux/libc.ts';
import { ancestorsOf } from '../../linux/procfs/process-tree.ts';
import { type Finding, judge } from '../../report/finding.ts';
import type { Gap, Outcome } from '../../report/report.ts';
import type { Keepalive, Middlebox } from '../../report/values.ts';
import { silenceMs } from '../../sockets/keepalive-from-timer.ts';
import type { LiveSocket, OwnerSearch } from '../../sockets/live-socket.ts';
import { type LiveSockets, openLiveSockets } from '../../sockets/live-sockets.ts';
import { asksForProcesses, type SocketFilter } from '../../sockets/socket-filter.ts';
import { socketsOf } from '../../sockets/socket-table.ts';
import type { CommandContext } from '../room.ts';
import { namespaceToLookAt, type SocketSelection } from '../shared/socket-selection.ts';
import { givenUpAfterMs, type OwnProcesses, plannedKeepalive, refusalOf, undoCommand } from './decide-rescue.ts';
import type { RescueAction, RescueData, RescuedSocket, RescueFollowUp, RescueResult } from './report.ts';
import { type Rescued, rescueSocket } from './rescue-socket.ts';

/** Of a socket that nobody has set anything on; what is switched on has all but the user timeout decided. */
const UNSET: Keepalive = { enabled: false, idleMs: 0, intervalMs: 0, count: 0, userTimeoutMs: 0 };
/** Between looks while `--wait` lasts. */
const LOOK_EVERY_MS = 200;
/** The kernel's times are as fine as its ticks. */
const TICK_MS = 10;

/** What is asked. */
interface RescueQuestion extends SocketSelection {
  action: RescueAction;
  /** Do it, and do not only show it. */
  confirmed: boolean;
  /** How long to watch afterwards; null: not at all. */
  waitMs: number | null;
  middleboxes: Middlebox[];
  judgeLocal: boolean;
  /** The process whose network namespace to look at; null: that of the processes in the filter, or kaprobe's own. */
  netns: number | null;
}

/** Acts on all sockets that are meant. Throws a CapabilityError without sock_diag, where no socket can be told from a later one. */
export async function rescueSockets(
  { filter, given, action, confirmed, waitMs, middleboxes, judgeLocal, netns }: RescueQuestion,
  { signal, progress }: CommandContext,
): Promise<Outcome<RescueData>> {
  const netnsPid = namespaceToLookAt(filter, netns);
  const libc = await loadLibc();
  const live = await openLiveSockets(netnsPid);
  try {
    const { list, withoutSockDiag, ownerSearch } = live.look({ filter, owners: true, middleboxes, judgeLocal });
    const chosen = socketsOf(list);
    const lookedAtMs = performance.now();
    if (withoutSockDiag !== null) {
      throw new CapabilityError(
        `sockets cannot be told apart for sure without sock_diag: ${withoutSockDiag}`,
        'needs a kernel with CONFIG_INET_DIAG, and no sandbox that forbids netlink',
      );
    }
    signal.throwIfAborted();
    const own = { own: process.pid, ancestors: ancestorsOf(process.pid) };
    const sockets = chosen.map((socket) => handle(libc, socket, { action, confirmed, own, netnsPid }));
    if (waitMs !== null) {
      progress('watching what becomes of the connections');
      await follow(live, filter, chosen, sockets, { lookedAtMs, waitMs, signal });
    }
    const data: RescueData = { pid: netnsPid, selection: given, action, confirmed, sockets, middleboxes };
    return {
      data,
      findings: sockets.length === 0 ? [] : findingsAbout(action, middleboxes, given.join(' ')),
      gaps: gapsIn(data, ownerSearch, filter),
      interrupted: signal.aborted,
    };
  } finally {
    live.close();
  }
}

/** Shows what would be done with one socket, or does it. */
function handle(
  libc: Libc,
  socket: LiveSocket,
  {
    action,
    confirmed,
    own,
    netnsPid,
  }: { action: RescueAction; confirmed: boolean; own: OwnProcesses; netnsPid: number | null },
): RescuedSocket {
  const refusal = refusalOf(socket, action, own);
  const { before, result }: Rescued =
    refusal !== null
      ? { before: null, result: { kind: 'refused', reason: refusal } }
      : rescueSocket(libc, socket, action, confirmed);
  const planned = before === null ? null : plannedKeepalive(before, action);
  const silence = silenceMs(socket);
  const effective = result.kind === 'changed' ? result.after : planned;
  return {
    local: socket.local,
    remote: socket.remote,
    state: socket.state,
    owners: socket.owners,
    silenceMs: silence,
    unacked: socket.unacked,
    risk: socket.risk,
    before,
    planned,
    result,
    givenUpAfterMs:
      effective === null || silence === null || (socket.unacked ?? 0) > 0 ? null : givenUpAfterMs(effective, silence),
    followUp: null,
    undo: result.kind === 'changed' && before !== null ? undoCommand(socket, before, netnsPid) : null,
  };
}

/** Looks until all that was changed has answered or ended, the time is up, or somebody has had enough. */
async function follow(
  live: LiveSockets,
  filter: SocketFilter,
  chosen: readonly LiveSocket[],
  sockets: readonly RescuedSocket[],
  { lookedAtMs, waitMs, signal }: { lookedAtMs: number; waitMs: number; signal: AbortSignal },
): Promise<void> {
  const startedAtMs = performance.now();
  const ends: SocketFilter = { ...filter, states: CONNECTION_STATES, pids: [], commands: [], risks: [] };
  const open = sockets.flatMap((socket, index) => {
    const before = chosen[index];
    return before !== undefined && ['changed', 'unchanged'].includes(socket.result.kind) ? [{ socket, before }] : [];
  });
  for (;;) {
    const nowMs = performance.now();
    const { list } = live.look({ filter: ends, owners: false, middleboxes: [], judgeLocal: false });
    const byCookie = new Map(socketsOf(list).map((each) => [each.cookie, each]));
    const afterMs = Math.round(nowMs - startedAtMs);
    for (const { socket, before } of open) {
      if (socket.followUp === null || socket.followUp.kind === 'waiting')
        socket.followUp = followUpOf(byCookie.get(before.cookie), { afterMs, before, sinceMs: nowMs - lookedAtMs });
    }
    // Nothing is left to be put back.
    for (const { socket } of open) if (socket.followUp?.kind === 'ended') socket.undo = null;
    const isSettled = open.every(({ socket }) => socket.followUp?.kind !== 'waiting');
    if (isSettled || afterMs >= waitMs || signal.aborted) return;
    await sleep(Math.min(LOOK_EVERY_MS, waitMs - afterMs), undefined, { signal }).catch(() => {});
  }
}

/** Compares with how it was `sinceMs` ago, before anything was changed: has something come since then, without which it would be silent longer? */
function followUpOf(
  socket: LiveSocket | undefined,
  { afterMs, before, sinceMs }: { afterMs: number; before: LiveSocket; sinceMs: number },
): RescueFollowUp {
  if (socket === undefined || socket.inode === 0) return { kind: 'ended', afterMs };
  const { lastAcknowledgedMs, unansweredProbes, nextProbeMs } = socket;
  const silentMs = before.lastAcknowledgedMs === null ? null : before.lastAcknowledgedMs + sinceMs;
  if (lastAcknowledgedMs !== null && silentMs !== null && lastAcknowledgedMs < silentMs - TICK_MS)
    return { kind: 'answered', afterMs: Math.max(0, afterMs - lastAcknowledgedMs) };
  return { kind: 'waiting', afterMs, unansweredProbes, nextProbeMs };
}

/** Whether the settings suit the middleboxes. When a dead far end is noticed each socket tells by itself. */
function findingsAbout(action: RescueAction, middleboxes: readonly Middlebox[], subject: string): Finding[] {
  if (action.kind === 'shutdown' || middleboxes.length === 0) return [];
  const keepalive = plannedKeepalive(UNSET, action);
  if (keepalive?.enabled !== true) return [];
  const inherited = { idle: false, interval: false, count: false };
  const facts = keepaliveFacts({ middleboxes, settings: { keepalive, basis: 'planned', inherited } });
  return judge(keepaliveRules, subject, facts).filter(({ severity }) => severity !== 'info');
}

/** What was asked for and was not done, or could not be seen. */
function gapsIn({ sockets, confirmed, selection }: RescueData, ownerSearch: OwnerSearch, filter: SocketFilter): Gap[] {
  if (sockets.length === 0) {
    const gap = { subject: selection.join(' '), what: 'sockets to change' };
    const isHidden = ownerSearch.kind === 'searched' && ownerSearch.hiddenProcesses > 0;
    if (isHidden && asksForProcesses(filter)) {
      const count = ownerSearch.hiddenProcesses === 1 ? '1 process' : `${ownerSearch.hiddenProcesses} processes`;
      return [{ ...gap, reason: `none is to be seen, but the descriptors of ${count} are hidden: run as root` }];
    }
    return confirmed ? [{ ...gap, reason: 'none matches' }] : [];
  }
  const byReason = new Map<string, string[]>();
  for (const { local, remote, result } of sockets) {
    for (const reason of reasonsIn(result))
      byReason.set(reason, [...(byReason.get(reason) ?? []), `${local} to ${remote}`]);
  }
  return [...byReason].map(([reason, [first = '', ...others]]) => ({
    subject: others.length === 0 ? first : `${first} and ${others.length} more`,
    what: 'rescue',
    reason,
  }));
}

/** Why not all was done. */
function reasonsIn(result: RescueResult): string[] {
  if (result.kind === 'refused') return [result.reason];
  return result.kind === 'changed'
    ? result.refused.map(({ option, errno }) => `the kernel refuses ${option}: ${errno}`)
    : [];
}
