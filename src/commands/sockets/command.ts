import { existsSync } from 'node:fs';
import { Option } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { plural } from '../../base/units.ts';
import { proposeKeepalive } from '../../keepalive/recommended-settings.ts';
import { factsAbout } from '../../policy/facts.ts';
import type { Finding } from '../../report/finding.ts';
import type { Gap } from '../../report/report.ts';
import type { Middlebox } from '../../report/values.ts';
import type { LiveSocket, OwnerSearch } from '../../sockets/live-socket.ts';
import { type LiveSocketsLook, openLiveSockets } from '../../sockets/live-sockets.ts';
import { DATA_IN_FLIGHT } from '../../sockets/probe-budget.ts';
import { liveSocketsJson } from '../../sockets/rows-json.ts';
import { matchesRisk } from '../../sockets/socket-filter.ts';
import { judgeRows } from '../../sockets/socket-risk.ts';
import {
  eachSocket,
  filterRows,
  firstRows,
  SocketCursor,
  type SocketRows,
  socketsOf,
} from '../../sockets/socket-table.ts';
import { CLOSED_MEANWHILE, type KeepaliveProbed, verifySockets } from '../../sockets/verify-sockets.ts';
import type { Room } from '../room.ts';
import {
  givenMiddleboxes,
  integerOption,
  middleboxOption,
  middleboxTimeoutOption,
  netnsOption,
} from '../shared/options.ts';
import { addSelectionOptions, otherNamespaceOf, readSelection } from '../shared/socket-selection.ts';
import type { SocketsData } from './report.ts';
import { SOCKET_ORDERS, type SocketOrder, sortSockets, summariseSockets } from './socket-summary.ts';

const HELP = `
--verify changes nothing with CAP_NET_ADMIN. Without, it switches keepalive on
for some milliseconds per probe and sets back what was there, with one trace:
a TCP_KEEPIDLE that came from the sysctl is then fixed at its value. It leaves
alone, and says so, what such probes could end: with TCP_USER_TIMEOUT, or with
a TCP_KEEPCNT of one or two.

Examples:
  kaprobe sockets --middlebox-timeout 30m
  kaprobe sockets --remote 10.0.0.0/8 --risk unprotected --risk late
  kaprobe sockets --command python --verify --middlebox juniper-srx-tcp`;

/** A rule's findings about more programs than this are told together. */
const MOST_GROUPS = 20;

/** Shows and judges every live TCP socket of this host. */
/** Nobody reads more on a screen unless he asks for it. */
const SCREENFUL = 50;

export const room: Room<SocketsData> = {
  view: async () => (await import('./text.ts')).view,
  declare(command) {
    command.description(
      'Shows every live TCP socket here: who holds it, its effective keepalive, its age of silence, and what becomes of it behind the middleboxes given. It only looks, unless --verify asks for probes.',
    );
    addSelectionOptions(command);
    command.optionsGroup('Judged against:');
    command.addOption(middleboxOption()).addOption(middleboxTimeoutOption());
    command
      .option('--loopback', 'judge connections within this host too, which no middlebox stands between')
      .optionsGroup('How:')
      .option(
        '--verify',
        'send up to three probes without payload on idle connections: do their far ends still answer (see below)',
      )
      .option('--no-owners', 'do not look for the processes: faster, and options are then known from timers only')
      .addOption(netnsOption('of --pid'))
      .optionsGroup('Output:')
      .addOption(new Option('--sort <order>', 'the order of the list').choices(SOCKET_ORDERS).default('risk'))
      .addOption(integerOption('--limit <n>', 'list no more than these; all are counted', { min: 0, max: 10_000_000 }))
      .addHelpText('after', HELP);
  },

  async run(_operands, options, { signal, progress, handOver }) {
    const middleboxes = givenMiddleboxes(options);
    const { filter, given } = await readSelection(options, { signal });
    const owners = options['owners'] !== false;
    const verify = options['verify'] === true;
    if (verify && !owners) throw new UsageError('--verify needs the processes that --no-owners leaves out');
    const gone = filter.pids.find((each) => !existsSync(`/proc/${each}`));
    if (gone !== undefined)
      throw new UsageError(`there is no process ${gone}`, 'process ids are those that ps shows where kaprobe runs');
    const pid = typeof options['netns'] === 'number' ? options['netns'] : otherNamespaceOf(filter.pids);
    const risk = { middleboxes, judgeLocal: options['loopback'] === true };
    const live = await openLiveSockets(pid);
    try {
      const seen = live.look({ filter: { ...filter, risks: [] }, owners, ...risk });
      let probed: KeepaliveProbed = { sockets: 0, idlePinned: 0 };
      if (verify) {
        progress(`asking the far ends of ${plural(seen.list.rows.length, 'socket')}`);
        const asked = socketsOf(seen.list);
        probed = await verifySockets(asked, live, { pid, signal });
        eachSocket(seen.list, (socket, place) => {
          socket.verified = asked[place]?.verified ?? null;
        });
        judgeRows(seen.list, risk);
      }
      const selected =
        filter.risks.length === 0 ? seen.list : filterRows(seen.list, (socket) => matchesRisk(filter, socket));
      const sorted = sortSockets(selected, options['sort'] as SocketOrder); // commander admits only these
      const limit = typeof options['limit'] === 'number' ? options['limit'] : null;
      const listed = limit === null ? sorted : firstRows(sorted, limit);
      handOver?.({ key: 'sockets', jsonParts: (indent) => liveSocketsJson(listed, indent) });
      const data: SocketsData = {
        source: seen.source,
        pid,
        selection: given,
        ownerSearch: seen.ownerSearch,
        middleboxes,
        summary: summariseSockets(sorted, {
          ownersSought: seen.ownerSearch.kind === 'searched',
          listeningPorts: seen.listeningPorts,
          judgesLocal: risk.judgeLocal,
        }),
        sockets: socketsOf(handOver !== undefined && limit === null ? firstRows(listed, SCREENFUL) : listed),
        limit,
        doubts: [...doubtsAbout(seen), ...doubtsAboutProbes(probed)],
      };
      return {
        data,
        findings: await findingsAbout(sorted, middleboxes, pid),
        gaps: gapsIn(data, sorted, { byProcess: filter.pids.length > 0 || filter.commands.length > 0, verify }),
      };
    } finally {
      live.close();
    }
  },
};

function doubtsAbout({ source, withoutSockDiag, withoutOptions, consistent, ownerSearch }: LiveSocketsLook): string[] {
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
function doubtsAboutProbes({ sockets, idlePinned }: KeepaliveProbed): string[] {
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
function gapsIn(
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

/** The sockets of one program. */
interface Program {
  command: string | null;
  sockets: number;
  pids: Set<number>;
  /** Those that a rule may have something to say about. */
  telling: LiveSocket[];
}

/** The findings, one for each rule and program, the most affected first. */
async function findingsAbout(
  list: SocketRows,
  middleboxes: readonly Middlebox[],
  netnsPid: number | null,
): Promise<Finding[]> {
  const largestFirst = programsOf(list).sort((a, b) => b.sockets - a.sockets);
  const rest = largestFirst.slice(MOST_GROUPS);
  const told = largestFirst
    .slice(0, MOST_GROUPS)
    .map((program) => ({ subject: subjectOf(program), command: program.command, group: program.telling }));
  if (rest.length > 0)
    told.push({
      subject: `${rest.length} other programs`,
      command: null,
      group: rest.flatMap(({ telling }) => telling),
    });
  const affected = told.filter(({ group }) => group.length > 0);
  // Rules and stacks are much to load where nothing is wrong.
  if (affected.length === 0) return [];
  const [{ judge }, { processSwitches }] = await Promise.all([
    import('../../policy/judge.ts'),
    import('../../knowledge/switches.ts'),
  ]);
  const values = proposeKeepalive({ middleboxes });
  return affected.flatMap(({ subject, command, group }) =>
    judge({
      ...factsAbout(subject),
      middleboxes,
      ...{ liveSockets: group, netnsPid },
      librarySwitches: command === null || values === null ? [] : processSwitches(command, values),
    }),
  );
}

function programsOf(list: SocketRows): Program[] {
  const programs = new Map<string | null, Program>();
  eachSocket(list, (socket) => {
    const { owners } = socket;
    const [first] = owners;
    const command = first?.command ?? null;
    let program = programs.get(command);
    if (program === undefined) {
      program = { command, sockets: 0, pids: new Set(), telling: [] };
      programs.set(command, program);
    }
    program.sockets += 1;
    if (first !== undefined) program.pids.add(first.pid);
    // Of one that nothing threatens, that nobody waits for and nobody shares, there is nothing to tell.
    if (socket.risk !== null || owners.length > 1 || first?.blockedIn != null)
      program.telling.push(new SocketCursor(list.table, socket.row));
  });
  return [...programs.values()];
}

function subjectOf({ command, pids }: Program): string {
  const [pid] = pids;
  if (pid === undefined) return 'sockets of no known process';
  return pids.size === 1
    ? `${command ?? 'process'} (pid ${pid})`
    : `${command ?? 'processes'} (${pids.size} processes)`;
}
