import { setTimeout as sleep } from 'node:timers/promises';
import { endpoint, portOf } from '../../base/endpoint.ts';
import { TCP_STATES, type TcpState } from '../../base/tcp-state.ts';
import { formatDuration } from '../../base/units.ts';
import { TIME_WAIT_MS } from '../../keepalive/kernel-timers.ts';
import { type KernelSocket, readSockets } from '../../linux/kernel-socket.ts';
import { inNetworkNamespaceOf } from '../../linux/network-namespace.ts';
import { readTimeWaitOverflows } from '../../linux/procfs/proc-net-counters.ts';
import { commandOf, scanSocketHolders } from '../../linux/procfs/socket-holders.ts';
import { count, type PortReading, portSettingsFrom, readSysctl } from '../../linux/sysctl.ts';
import type { Gap, Outcome } from '../../report/report.ts';
import { unmeasured } from '../../report/values.ts';
import { matchesEnds, type SocketFilter } from '../../sockets/socket-filter.ts';
import { type OpenedSocketList, openSocketList } from '../../sockets/socket-list.ts';
import { type CommandContext, defineRoom } from '../room.ts';
import { durationOption, integerOption, netnsOption } from '../shared/options.ts';
import { addEndOptions, readSelection } from '../shared/socket-selection.ts';
import {
  closeRate,
  type Flow,
  type FlowSocket,
  flowsOf,
  meanLifeAtMostMs,
  portsLeft,
  REUSE_THRESHOLDS,
  servicesOf,
  timeWaitLeft,
} from './flows.ts';
import { judgeFlows } from './judge-flows.ts';
import type { FlowOwner, FlowWatch, TimeWaitData, TimeWaitFlow } from './report.ts';
import { type ReuseSocket, startReuseWatch } from './reuse-watch.ts';

/** What values may be. */
export const TIME_WAIT_BOUNDS = {
  watchMs: { min: 1000, max: 3_600_000, step: 1 },
  limit: { min: 1, max: 100_000, step: 1, default: 20 },
};

/** Between two samples of `--watch`: long enough to cost little, and several in the shortest watch. */
const SAMPLE_EVERY_MS = 500;
/** A sample may take a quarter of the time until the next one. */
const COST_SHARE = 4;
/** Of a service with a thousand workers the first few say which it is. */
const MOST_OWNERS = 8;
/** The tables may change while they are read: then they are read again, but not for ever. */
const MOST_READINGS = 3;

const EXAMPLES = `
Examples:
  kaprobe timewait
  kaprobe timewait --port 8000 --watch 10s
  kaprobe timewait --remote 10.0.0.0/8 --fail-on warning`;

/** Shows who closes connections here, how fast, and whether they are reused. */
export const room = defineRoom({
  view: async () => (await import('./text.ts')).view,
  declare: (command) =>
    addEndOptions(
      command
        .description(
          'Counts the sockets in TIME_WAIT by peer and by service, works out how fast this side closes connections, how many ports are left towards each destination, and whether connections are reused.',
        )
        .optionsGroup('Which connections (repeatable, any of the values; all options together):'),
    )
      .addOption(netnsOption())
      .optionsGroup('Timing:')
      .addOption(
        durationOption(
          '--watch <duration>',
          'look on for so long, and tell connections that are reused from new ones',
          TIME_WAIT_BOUNDS.watchMs,
        ),
      )
      .optionsGroup('Output:')
      .addOption(
        integerOption(
          '--limit <n>',
          'peers to list and judge, those with the most in TIME_WAIT first',
          TIME_WAIT_BOUNDS.limit,
        ),
      )
      .addHelpText('after', EXAMPLES),

  async run(_operands, options, context): Promise<Outcome<TimeWaitData>> {
    const { filter, given } = await readSelection(options, { signal: context.signal, defaultStates: [] });
    const { netns: pid = null, watch: watchMs = null, limit } = options;
    return observeTimeWait({ filter, given, pid, watchMs, limit }, context);
  },
});

/** What `timewait` is asked. */
interface Question {
  filter: SocketFilter;
  given: string[];
  /** Whose network namespace; null: kaprobe's own. */
  pid: number | null;
  /** null: look once. */
  watchMs: number | null;
  limit: number;
}

/** One socket in the words of the policy. */
interface Socket extends FlowSocket, ReuseSocket {
  inode: number;
  /** It counts against tcp_max_tw_buckets. */
  isMinisock: boolean;
}

const STATES: readonly TcpState[] = TCP_STATES.filter((state) => state !== 'unknown');

/** Looks at this host's TIME_WAIT, once or for as long as was asked, and judges what it sees. */
export async function observeTimeWait(question: Question, context: CommandContext): Promise<Outcome<TimeWaitData>> {
  const { filter, given, pid, limit } = question;
  const { list, ports, tableLimit, twReuse } = await open(pid);
  try {
    const { sockets, flowsWatched, watch } = await observe(list, ports?.range ?? null, question, context);
    const overflows = readTimeWaitOverflows(pid);
    const table = { count: sockets.filter(({ isMinisock }) => isMinisock).length, limit: tableLimit, overflows };
    const isLowerBound = tableLimit !== null && table.count >= tableLimit;
    const rate = (of: readonly Socket[]) => closeRate(timeWaitLeft(of), { windowMs: TIME_WAIT_MS, isLowerBound });
    const listeners = sockets.filter(({ state }) => state === 'listen');
    const listenerPorts = new Set(listeners.map(({ localPort }) => localPort));
    const flows = flowsOf(sockets, ports?.range ?? null).filter((flow) => isMeant(filter, flow));
    const described = flows
      .map((flow): { flow: Flow<Socket>; described: TimeWaitFlow } => {
        const { side, sideKnownBy, client, service, sockets: own } = flow;
        const closes = rate(own);
        const established = own.filter(({ state }) => state === 'established').length;
        const timeWait = own.filter(({ state }) => state === 'time-wait').length;
        return {
          flow,
          described: {
            side,
            sideKnownBy,
            client,
            service,
            established,
            timeWait,
            others: own.length - established - timeWait,
            closes,
            meanLifeAtMostMs: meanLifeAtMostMs(established, closes.perSecond),
            ports: side === 'server' || ports === null ? null : portsLeft(own, listenerPorts, ports, closes),
            owners: [],
            ownersKnownBy: null,
            watch: flowsWatched === null ? null : (flowsWatched.get(nameOf(flow)) ?? NOTHING_SEEN),
          },
        };
      })
      .sort((one, other) => rankOf(other.described) - rankOf(one.described));
    const listed = described.slice(0, limit);
    const others = described.slice(limit).map((each) => each.described);
    const ownersHidden = addOwners(listed, listeners);
    const meant = flows.flatMap((flow) => flow.sockets);
    const data: TimeWaitData = {
      pid,
      source: list.source,
      filters: given,
      states: countStates(meant),
      table,
      closes: rate(meant),
      settings: { twReuse, portRange: ports?.range ?? null },
      flows: listed.map((each) => each.described),
      otherFlows: {
        count: others.length,
        established: others.reduce((sum, { established }) => sum + established, 0),
        timeWait: others.reduce((sum, { timeWait }) => sum + timeWait, 0),
        mostTimeWait: Math.max(0, ...others.map(({ timeWait }) => timeWait)),
      },
      services: servicesOf(described.map((each) => each.described)).slice(0, limit),
      watch,
      thresholds: REUSE_THRESHOLDS,
      ownersHidden,
    };
    return {
      data,
      findings: judgeFlows(data),
      gaps: gapsOf(data, ports),
      interrupted: context.signal.aborted,
    };
  } finally {
    list.close();
  }
}

const NOTHING_SEEN: FlowWatch = { opened: 0, closedHere: 0, kept: 0, keptUsed: 0 };

const nameOf = ({ side, client, service }: Pick<Flow<Socket>, 'side' | 'client' | 'service'>): string =>
  `${side} ${client} ${service}`;

/** What is in TIME_WAIT comes first, then what is established. */
const rankOf = ({ timeWait, established }: TimeWaitFlow): number => timeWait * 1e7 + established;

interface Opened {
  list: OpenedSocketList;
  ports: PortReading | null;
  tableLimit: number | null;
  twReuse: number | null;
}

/** Opens the list of sockets and reads the settings, both of that network namespace. */
async function open(pid: number | null): Promise<Opened> {
  const read = () => ({
    ports: portSettingsFrom(readSysctl),
    tableLimit: count(readSysctl('net.ipv4.tcp_max_tw_buckets')),
    twReuse: count(readSysctl('net.ipv4.tcp_tw_reuse')),
  });
  const settings = pid === null ? read() : await inNetworkNamespaceOf(pid, read);
  return { ...settings, list: await openSocketList(pid) };
}

function readAll(list: OpenedSocketList): Socket[] {
  for (let reading = 1; ; reading += 1) {
    const { sockets, consistent } = readSockets(list, { states: STATES, withInfo: true });
    if (consistent || reading === MOST_READINGS) return sockets.map(describe);
  }
}

/** Looks once, or again and again for as long as was asked; what is returned is the last look. */
async function observe(
  list: OpenedSocketList,
  range: PortReading['range'] | null,
  { watchMs }: Question,
  { signal, progress }: CommandContext,
): Promise<{ sockets: Socket[]; flowsWatched: Map<string, FlowWatch> | null; watch: TimeWaitData['watch'] }> {
  let sockets = readAll(list);
  if (watchMs === null) return { sockets, flowsWatched: null, watch: null };
  const named = function* (): Generator<readonly [string, Socket]> {
    for (const flow of flowsOf(sockets, range)) for (const socket of flow.sockets) yield [nameOf(flow), socket];
  };
  const startedAtMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedAtMs;
  const reuse = startReuseWatch(named());
  let samples = 1;
  let costMs = 0;
  while (elapsedMs() < watchMs && !signal.aborted) {
    const restMs = watchMs - elapsedMs();
    await sleep(Math.min(restMs, Math.max(SAMPLE_EVERY_MS, COST_SHARE * costMs)), undefined, { signal }).catch(
      () => {},
    );
    progress(`watching for ${formatDuration(Math.max(0, watchMs - elapsedMs()))} more`);
    const lookedAtMs = elapsedMs();
    sockets = readAll(list);
    reuse.sample(named(), lookedAtMs);
    samples += 1;
    costMs = elapsedMs() - lookedAtMs;
  }
  return { sockets, flowsWatched: reuse.results(), watch: { durationMs: Math.round(elapsedMs()), samples } };
}

function describe({ state, timer, expiresMs, info, inode, ...ends }: KernelSocket): Socket {
  const times = [info?.lastDataSentMs, info?.lastDataReceivedMs].filter((ms) => typeof ms === 'number');
  return {
    state,
    inode,
    cookie: ends.cookie ?? `${ends.localAddress} ${ends.localPort} ${ends.remoteAddress} ${ends.remotePort}`,
    localAddress: plain(ends.localAddress),
    localPort: ends.localPort,
    remoteAddress: plain(ends.remoteAddress),
    remotePort: ends.remotePort,
    timeWaitLeftMs: state === 'time-wait' ? expiresMs : null,
    isMinisock: timer === 'time-wait',
    lastDataMs: times.length === 0 ? null : Math.min(...times),
  };
}

/** A socket of IPv6 that speaks IPv4 belongs to the same flow as one of IPv4. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '');

/** A flow is meant as a whole: when one of its connections is. */
function isMeant(filter: SocketFilter, { sockets }: Flow<Socket>): boolean {
  if (filter.local.length + filter.remote.length + filter.ports.length === 0) return true;
  return sockets.some(({ localAddress, localPort, remoteAddress, remotePort }) => {
    const [local, remote] = [endpoint(localAddress, localPort), endpoint(remoteAddress, remotePort)];
    return matchesEnds(filter, { state: 'established', local, remote });
  });
}

function countStates(sockets: readonly Socket[]): TimeWaitData['states'] {
  const counts = new Map<TcpState, number>();
  for (const { state } of sockets) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, number]) => ({ state, count: number })).sort((one, other) => other.count - one.count);
}

/** Names the processes of each flow by its listener, or by what is still established; returns why some may be missing. */
function addOwners(
  listed: readonly { flow: Flow<Socket>; described: TimeWaitFlow }[],
  listeners: readonly Socket[],
): TimeWaitData['ownersHidden'] {
  const wanted = listed.map(({ flow, described }) => {
    const port = portOf(described.service);
    const own = listeners.filter(({ localPort }) => described.side === 'server' && localPort === port);
    const by = own.length > 0 ? ('listener' as const) : ('established' as const);
    const inodes = (by === 'listener' ? own : flow.sockets).map(({ inode }) => inode).filter((inode) => inode !== 0);
    return { described, by, inodes };
  });
  if (wanted.every(({ inodes }) => inodes.length === 0)) return null;
  const { holders, hiddenPids } = scanSocketHolders(new Set(wanted.flatMap(({ inodes }) => inodes)));
  let missing = false;
  for (const { described, inodes, by } of wanted) {
    const pids = new Set(inodes.flatMap((inode) => (holders.get(inode) ?? []).map(({ pid }) => pid)));
    if (pids.size === 0) {
      missing ||= inodes.length > 0;
      continue;
    }
    described.owners = [...pids].slice(0, MOST_OWNERS).map((pid): FlowOwner => ({ pid, command: commandOf(pid) }));
    described.ownersKnownBy = by;
  }
  return missing && hiddenPids.length > 0
    ? unmeasured(`the descriptors of ${hiddenPids.length} other processes are not to be seen without root`)
    : null;
}

function gapsOf({ flows }: TimeWaitData, ports: PortReading | null): Gap[] {
  if (ports !== null || !flows.some(({ side }) => side === 'client')) return [];
  return [
    {
      subject: 'TIME_WAIT',
      what: 'ports left',
      reason: 'net.ipv4.ip_local_port_range or another setting beside it cannot be read',
    },
  ];
}
