/** Observes other processes' connections by listing the sockets again and again. Changes nothing. */
import { portOf } from '../../base/endpoint.ts';
import { CapabilityError, UsageError } from '../../base/errors.ts';
import { withForeignSocket } from '../../linux/foreign-socket.ts';
import type { KernelSocket } from '../../linux/kernel-socket.ts';
import { type Libc, loadLibc } from '../../linux/libc.ts';
import { type SocketHolder, scanSocketHolders, startTimeOf } from '../../linux/procfs/socket-holders.ts';
import { readTcpInfo } from '../../linux/tcp-info.ts';
import type { SocketFilter } from '../../sockets/socket-filter.ts';
import { openSocketList } from '../../sockets/socket-list.ts';
import type { ConnectionLook, EventDraft, WatchedConnections } from './decide-events.ts';
import {
  endsOf,
  forgetOthers,
  haveEnded,
  lookAtSockets,
  type ObservedSockets,
  observedSockets,
  probeLimitOf,
  processesMeant,
  searchHolders,
  unlessRefused,
} from './observed-sockets.ts';
import { type EndCounters, endedByReset } from './reset-evidence.ts';
import { readingsOf, type WatchSource } from './watch-source.ts';

/** Addresses that processes were connected to, for as many as this. */
const MOST_REMEMBERED = 1000;

/**
 * Begins to observe the sockets that the filter means, in the network namespace of process `pid` or in kaprobe's own: by sock_diag, and where
 * netlink or koffi is unavailable, in /proc/net/tcp. Throws a UsageError when one of its processes does not exist, and a CapabilityError
 * when its namespace may not be entered, or its descriptors not seen.
 */
export async function watchObserved(filter: SocketFilter, pid: number | null): Promise<WatchSource> {
  const started = new Map(filter.pids.map((each) => [each, startTimeOf(each)]));
  for (const [each, time] of started) {
    if (time === null)
      throw new UsageError(`there is no process ${each}`, 'process ids are those that ps shows where kaprobe runs');
  }
  const [hidden] = scanSocketHolders(new Set(), filter.pids).hiddenPids;
  if (hidden !== undefined) {
    throw new CapabilityError(
      `the descriptors of process ${hidden} may not be seen`,
      'needs its user, or CAP_SYS_PTRACE: run as root',
    );
  }
  const list = await openSocketList(pid, { follow: true });
  const libc = list.source === 'procfs' ? null : await loadLibc();
  return observe(observedSockets({ filter, started, list, libc }));
}

/** What the steps remember of each other. */
interface Memory {
  /** Of the step before: whose socket it was is asked until its events have been told. */
  present: ReadonlyMap<string, unknown>;
  /** Where a process had a connection that is over: `pid:port` to the far end. */
  left: Map<string, string>;
}

function observe(observed: ObservedSockets): WatchSource {
  const { list, known } = observed;
  const memory: Memory = { present: new Map(), left: new Map() };
  return {
    source: list.source,
    withoutSockDiag: list.withoutSockDiag,
    step: async (watched, atMs) => {
      try {
        return step(observed, memory, watched, atMs);
      } catch (error) {
        // The files of another network namespace go with the process that they were read through.
        if (error instanceof CapabilityError && haveEnded(observed)) return [];
        throw error;
      }
    },
    listings: () => observed.listings,
    isOver: () => haveEnded(observed),
    ownerOf: (id) => known.get(id)?.owner ?? null,
    close: list.close,
  };
}

function step(observed: ObservedSockets, memory: Memory, watched: WatchedConnections, atMs: number): EventDraft[] {
  forgetOthers(observed, memory.present, watched);
  const among = processesMeant(observed, atMs);
  const present = lookAtSockets(observed, watched, among, atMs);
  noteDestroyed(observed);
  const looks = [...present].map(([id, socket]) => lookAt(observed, id, socket));
  const events = watched.observe(looks, atMs);
  searchHolders(
    observed,
    events.flatMap(({ id }) => (id === null ? [] : [id])),
    among,
  );
  memory.present = present;
  return events.flatMap((event) => [withEnd(event, observed), ...movedTo(event, observed, memory.left)]);
}

/** Keeps the counters with which the kernel freed sockets that are watched. */
function noteDestroyed({ list: { destroyed }, known }: ObservedSockets): void {
  if (destroyed === null || destroyed instanceof Error) return;
  for (const { cookie, info } of destroyed.take().sockets) {
    const socket = cookie === null ? undefined : known.get(cookie);
    if (socket !== undefined) socket.end = info;
  }
}

function lookAt(observed: ObservedSockets, id: string, socket: KernelSocket): ConnectionLook {
  const { info, timer } = socket;
  const known = observed.known.get(id);
  if (known !== undefined) known.last = socket.state === 'established' ? (info ?? known.last) : null;
  return {
    ...endsOf(socket),
    id,
    probeKind: timer === 'window-probe' ? 'window' : timer === 'keepalive' ? 'keepalive' : null,
    probeLimit: (info?.unansweredProbes ?? 0) > 0 ? probeLimitOf(observed, id) : (known?.probeLimit ?? null),
    ...readingsOf(info),
  };
}

/**
 * Adds to the end of a connection whether its process still holds the socket: then it was not the process that closed it. And calls it a
 * reset where its counters prove that: those with which it was freed, or those of the socket that is still held.
 */
function withEnd(event: EventDraft, { known, libc }: ObservedSockets): EventDraft {
  const socket = event.id === null ? undefined : known.get(event.id);
  if (event.event !== 'gone' || event.id === null || socket === undefined) return event;
  const { holder, inode, last } = socket;
  const [held = null] =
    holder === null ? [] : (scanSocketHolders(new Set([inode]), [holder.pid]).holders.get(inode) ?? []);
  const evidence = {
    ...event.evidence,
    ...(holder === null ? {} : { stillHeldByItsProcess: held !== null }),
  };
  const end = socket.end ?? (held === null || libc === null ? null : readEnd(libc, held, event.id));
  if (last === null || end === null || !endedByReset(last, end)) return { ...event, evidence };
  const segmentsReceived = (end.segmentsIn ?? 0) - (last.segmentsIn ?? 0);
  const probesSent = end.unansweredProbes - last.unansweredProbes;
  return { ...event, event: 'reset', evidence: { ...evidence, segmentsReceived, probesSent, otherSegmentsSent: 0 } };
}

/** The counters of a socket that is closed and still held; null without the rights to ask. */
function readEnd(libc: Libc, { pid, fd }: SocketHolder, cookie: string): EndCounters | null {
  return unlessRefused(() =>
    withForeignSocket(libc, { pid, fd, cookie }, (duplicate) => {
      const info = readTcpInfo(libc, duplicate);
      return info.state === 'closed' ? info : null;
    }),
  );
}

const ENDINGS: readonly EventDraft['event'][] = ['gone', 'reset', 'timed-out', 'closed-by-peer', 'closed-here'];

/** A process that lost its connection to a port of one address and now has one to the same port of another. */
function movedTo(event: EventDraft, { known }: ObservedSockets, left: Map<string, string>): EventDraft[] {
  const owner = event.id === null ? null : (known.get(event.id)?.owner ?? null);
  if (owner === null || event.connection === null) return [];
  const { remote } = event.connection;
  const key = `${owner.pid}:${portOf(remote)}`;
  if (ENDINGS.includes(event.event)) {
    left.delete(key);
    left.set(key, remote);
    for (const oldest of left.keys()) {
      if (left.size <= MOST_REMEMBERED) break;
      left.delete(oldest);
    }
  }
  const before = left.get(key);
  if (event.event !== 'established' || before === undefined) return [];
  left.delete(key);
  if (before === remote) return [];
  return [{ ...event, event: 'rotated', evidence: { before, now: remote } }];
}
