import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CapabilityError, UsageError } from '../../base/errors.ts';
import { CONNECTION_STATES, type TcpState } from '../../base/tcp-state.ts';
import { DAY_MS } from '../../base/units.ts';
import { keepaliveFacts } from '../../keepalive/facts.ts';
import { proposeKeepalive } from '../../keepalive/recommended-settings.ts';
import { rules as keepaliveRules } from '../../keepalive/rules/registry.generated.ts';
import { type Libc, loadLibc } from '../../linux/libc.ts';
import { ancestorsOf } from '../../linux/procfs/process-tree.ts';
import { type Finding, judge } from '../../report/finding.ts';
import type { Gap } from '../../report/report.ts';
import type { Keepalive, Middlebox, RequestedKeepalive } from '../../report/values.ts';
import { silenceMs } from '../../sockets/keepalive-from-timer.ts';
import type { LiveSocket, OwnerSearch } from '../../sockets/live-socket.ts';
import { type LiveSockets, openLiveSockets } from '../../sockets/live-sockets.ts';
import { isUnfiltered, type SocketFilter } from '../../sockets/socket-filter.ts';
import { socketsOf } from '../../sockets/socket-table.ts';
import type { Room } from '../room.ts';
import {
  type Bounds,
  durationOption,
  givenMiddleboxes,
  integerOption,
  middleboxOption,
  middleboxTimeoutOption,
  netnsOption,
} from '../shared/options.ts';
import { addSelectionOptions, otherNamespaceOf, readSelection } from '../shared/socket-selection.ts';
import { givenUpAfterMs, type OwnProcesses, plannedKeepalive, refusalOf, undoCommand } from './decide-rescue.ts';
import type { RescueAction, RescueData, RescuedSocket, RescueFollowUp, RescueResult } from './report.ts';
import { type Rescued, rescueSocket } from './rescue-socket.ts';

/** The kernel's own limits (MAX_TCP_KEEPIDLE and others, net/tcp.h): a live socket is not the place to try others. */
const BOUNDS = {
  idleMs: { min: 1000, max: 32_767_000, step: 1000 },
  intervalMs: { min: 1000, max: 32_767_000, step: 1000 },
  count: { min: 1, max: 127, step: 1 },
  userTimeoutMs: { min: 0, max: 2_147_483_647, step: 1 },
  waitMs: { min: 1000, max: DAY_MS, step: 1 },
} as const satisfies Record<string, Bounds>;

/** Those in which somebody may wait on a connection. */
const RESCUABLE_STATES: readonly TcpState[] = ['established', 'close-wait', 'fin-wait-2'];

/** Of a socket that nobody has set anything on; what is switched on has all but the user timeout decided. */
const UNSET: Keepalive = { enabled: false, idleMs: 0, intervalMs: 0, count: 0, userTimeoutMs: 0 };

/** Between looks while `--wait` lasts. */
const LOOK_EVERY_MS = 200;
/** The kernel's times are as fine as its ticks. */
const TICK_MS = 10;

/** Switches keepalive on in, or shuts down, live sockets of running processes; shows what it would do unless told that it may. */
export const room: Room<RescueData> = {
  view: async () => (await import('./text.ts')).view,
  declare(command) {
    command.description(
      'Switches TCP keepalive on in a live connection of a running process, or shuts it down, so that whoever is stuck in it goes on, without a restart. Shows what it would do; does it with --yes.',
    );
    addSelectionOptions(command);
    command
      .addOption(netnsOption('of --pid'))
      .optionsGroup('What to do (default: keepalive on, as suits the middlebox given):')
      .addOption(durationOption('--idle <duration>', 'TCP_KEEPIDLE: silence before the first probe', BOUNDS.idleMs))
      .addOption(durationOption('--interval <duration>', 'TCP_KEEPINTVL: between unanswered probes', BOUNDS.intervalMs))
      .addOption(
        integerOption(
          '--count <n>',
          'TCP_KEEPCNT: unanswered probes until the kernel gives the connection up',
          BOUNDS.count,
        ),
      )
      .addOption(
        durationOption(
          '--user-timeout <duration>',
          'TCP_USER_TIMEOUT, 0s for none; takes the place of the count, and the silence so far counts (default: left alone)',
          BOUNDS.userTimeoutMs,
        ),
      )
      .option('--off', 'switch keepalive off; what else is given is set all the same')
      .option('--shutdown', 'end the connection instead: who waits in a read gets the end of the stream at once')
      .option('--yes', 'do it; without this nothing is changed')
      .addOption(
        durationOption('--wait <duration>', 'then watch for so long what becomes of the connections', BOUNDS.waitMs),
      )
      .optionsGroup('Judged against:');
    command.addOption(middleboxOption()).addOption(middleboxTimeoutOption());
    command
      .option('--loopback', 'judge connections within this host too, which no middlebox stands between (for --risk)')
      .addHelpText(
        'after',
        `
Keepalive: the kernel begins to probe, at once where the connection was silent
for longer than --idle. A far end that lives answers, and the connection is
kept from then on. If nothing answers, the kernel gives it up after --count
probes, and the read that is stuck fails with ETIMEDOUT. The process notices
nothing else.

--shutdown: what was received can still be read, then the stream ends; a write
fails with EPIPE. What was written and not acknowledged is still sent again
for a while; the far end, if it is there, gets a FIN. This cannot be undone.
Settings can: the command that does it is printed.

At least one of --pid, --command, --local, --remote and --port must say whose
sockets are meant. Left alone are sockets that are no longer the same when
they are to be changed, kaprobe's own and, with --shutdown, those of the
processes that started kaprobe, such as your ssh connection. Needs ptrace
permission over the process: its user, unless kernel.yama.ptrace_scope forbids
that, or root.

Exit code 0: shown, or done and read back. 1: the same, but the settings do
not suit the middlebox given. 2: something was not done that was asked for;
also when --yes was given and no socket matched.

Examples:
  kaprobe rescue --pid 4711 --middlebox-timeout 30m
  kaprobe rescue --command python --remote 10.0.0.9:5432 --idle 5s --interval 1s --count 3 --yes --wait 20s
  kaprobe rescue --pid 4711 --local :49152 --shutdown --yes`,
      );
  },

  async run(_operands, options, { signal, progress }) {
    const middleboxes = givenMiddleboxes(options);
    const action = readAction(options, middleboxes);
    const confirmed = options['yes'] === true;
    const waitMs = typeof options['wait'] === 'number' ? options['wait'] : null;
    if (waitMs !== null && (!confirmed || action.kind === 'shutdown' || !action.keepalive.enabled))
      throw new UsageError('--wait has nothing to wait for', 'it goes with --yes, where keepalive is switched on');
    const { filter, given } = await readSelection(options, { signal, defaultStates: RESCUABLE_STATES });
    if (isUnfiltered(filter)) {
      throw new UsageError(
        "every socket of this host is not a selection: that would change everybody's connections",
        'say whose with --pid, --command, --local, --remote or --port; kaprobe sockets shows which there are',
      );
    }
    const gone = filter.pids.find((each) => !existsSync(`/proc/${each}`));
    if (gone !== undefined)
      throw new UsageError(`there is no process ${gone}`, 'process ids are those that ps shows where kaprobe runs');
    const netnsPid = typeof options['netns'] === 'number' ? options['netns'] : otherNamespaceOf(filter.pids);
    const libc = await loadLibc();
    const live = await openLiveSockets(netnsPid);
    try {
      const risk = { middleboxes, judgeLocal: options['loopback'] === true };
      const { list, withoutSockDiag, ownerSearch } = live.look({ filter, owners: true, ...risk });
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
  },
};

function readAction(options: Record<string, unknown>, middleboxes: readonly Middlebox[]): RescueAction {
  const number = (name: string): number | null => {
    const value = options[name];
    return typeof value === 'number' ? value : null;
  };
  const given = {
    idleMs: number('idle'),
    intervalMs: number('interval'),
    count: number('count'),
    userTimeoutMs: number('userTimeout'),
  };
  const isAnyGiven = Object.values(given).some((value) => value !== null);
  const off = options['off'] === true;
  if (options['shutdown'] === true) {
    if (off || isAnyGiven)
      throw new UsageError('--shutdown contradicts --off and the keepalive settings', 'leave one of them out');
    return { kind: 'shutdown' };
  }
  return { kind: 'keepalive', keepalive: off ? { enabled: false, ...given } : withDefaults(given, middleboxes) };
}

/** What is not given is as suits the middleboxes; but the user timeout stays as it is: a silence that lasts already would count against it. */
function withDefaults(
  given: Omit<RequestedKeepalive, 'enabled'>,
  middleboxes: readonly Middlebox[],
): RequestedKeepalive {
  const proposed = proposeKeepalive({ middleboxes });
  const idleMs = given.idleMs ?? proposed?.idleMs ?? null;
  const intervalMs = given.intervalMs ?? proposed?.intervalMs ?? null;
  const count = given.count ?? proposed?.count ?? null;
  if (idleMs === null || intervalMs === null || count === null) {
    throw new UsageError(
      'the idle timeout given is too short for settings that tolerate lost probes',
      'say which are meant: --idle, --interval and --count',
    );
  }
  return { enabled: true, idleMs, intervalMs, count, userTimeoutMs: given.userTimeoutMs };
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
function gapsIn(
  { sockets, confirmed, selection }: RescueData,
  ownerSearch: OwnerSearch,
  { pids, commands }: SocketFilter,
): Gap[] {
  if (sockets.length === 0) {
    const gap = { subject: selection.join(' '), what: 'sockets to change' };
    const isHidden = ownerSearch.kind === 'searched' && ownerSearch.hiddenProcesses > 0;
    if (isHidden && pids.length + commands.length > 0) {
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
