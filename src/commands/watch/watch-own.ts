/** Holds connections of kaprobe's own to one target, and tells how they are. */
import { setMaxListeners } from 'node:events';
import { isIP } from 'node:net';
import { endpoint, hostOf } from '../../base/endpoint.ts';
import { type IdleConnection, openIdle } from '../../connections/idle-connection.ts';
import { resolve } from '../../connections/resolve.ts';
import type { Target } from '../../connections/target.ts';
import { readCookie } from '../../linux/foreign-socket.ts';
import type { Libc } from '../../linux/libc.ts';
import { descriptorOf } from '../../linux/socket-options.ts';
import { readTcpInfo } from '../../linux/tcp-info.ts';
import type { Keepalive, RequestedKeepalive } from '../../report/values.ts';
import type { ConnectionLook, EventDraft, WatchedConnections } from './decide-events.ts';
import type { WatchSource } from './watch-source.ts';

const RESOLVE_TIMEOUT_MS = 5000;
/** The first attempt to connect again, and the longest wait, each twice the one before. */
const RETRY_FIRST_MS = 1000;
const RETRY_LAST_MS = 30_000;
/** A name with more addresses than this shows the first. */
const MOST_ADDRESSES = 16;

export interface OwnPlan {
  target: Target;
  connections: number;
  keepalive: RequestedKeepalive;
  /** Whether a connection that is over is made again. */
  reconnect: boolean;
  /** How often a name is looked up again. */
  resolveEveryMs: number;
  libc: Libc;
  signal: AbortSignal;
}

/** One of the connections to hold. */
interface Slot {
  held: { id: string; local: string; remote: string; connection: IdleConnection } | null;
  /** An attempt is under way. */
  connecting: boolean;
  attempts: number;
  retryAtMs: number;
  /** Of the last attempt: an error is told when it is another one. */
  error: string | null;
  /** No further attempt is made. */
  over: boolean;
}

export interface OwnSource extends WatchSource {
  /** What the kernel has on the first connection; null: none was made. */
  keepalive(): Keepalive | null;
}

/** Opens nothing yet: the first step does. `lookUpName`: what answers for the system's resolver. */
export function watchOwn(plan: OwnPlan, lookUpName: typeof resolve = resolve): OwnSource {
  const { target, libc, signal } = plan;
  setMaxListeners(0, signal); // one for each connection that is being made
  const slots = Array.from(
    { length: plan.connections },
    (): Slot => ({ held: null, connecting: false, attempts: 0, retryAtMs: 0, error: null, over: false }),
  );
  const told: EventDraft[] = [];
  let keepalive: Keepalive | null = null;
  let addresses: string[] = [];
  let resolvedAtMs = Number.NEGATIVE_INFINITY;
  let resolving = false;
  let isFirst = true;

  const tell = (event: EventDraft['event'], evidence: EventDraft['evidence']): void => {
    told.push({ event, id: null, connection: null, evidence });
  };

  /** Looks the name up when it is time; what has changed is told. */
  const lookUp = async (nowMs: number): Promise<void> => {
    if (resolving || nowMs - resolvedAtMs < plan.resolveEveryMs) return;
    if (isIP(target.host) !== 0) {
      addresses = [target.host];
      resolvedAtMs = Number.POSITIVE_INFINITY;
      return;
    }
    resolving = true;
    const answer = await lookUpName(target.host, null, { timeoutMs: RESOLVE_TIMEOUT_MS, signal });
    resolving = false;
    resolvedAtMs = performance.now();
    if (answer.kind === 'unresolved') {
      if (addresses.length === 0) fail(`could not look up ${target.host} (${answer.error})`);
      return;
    }
    const now = answer.addresses.slice(0, MOST_ADDRESSES);
    const inUse = [...new Set(slots.flatMap(({ held }) => (held === null ? [] : [hostOf(held.remote)])))];
    const left = inUse.filter((address) => !now.includes(address) && addresses.includes(address));
    addresses = now;
    if (left.length > 0) tell('rotated', { name: target.host, connectedTo: left, resolvesTo: now });
  };

  /** Nothing can be connected to: every slot waits, and it is told once. */
  const fail = (error: string): void => {
    for (const slot of slots) if (slot.held === null && !slot.connecting) failed(slot, error);
  };

  const failed = (slot: Slot, error: string): void => {
    slot.attempts += 1;
    slot.retryAtMs = performance.now() + Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** (slot.attempts - 1));
    // With several addresses each is tried once.
    slot.over = !plan.reconnect && slot.attempts >= addresses.length;
    if (slot.error !== error) tell('not-connected', { error });
    slot.error = error;
  };

  const connect = async (slot: Slot, index: number): Promise<void> => {
    const address = addresses[(index + slot.attempts) % addresses.length];
    if (address === undefined) return;
    slot.connecting = true;
    const opened = await openIdle({ ...plan, address, application: null });
    slot.connecting = false;
    if (signal.aborted) {
      if (typeof opened !== 'string') opened.socket.destroy();
      return;
    }
    if (typeof opened === 'string') return failed(slot, `${endpoint(address, target.port)}: ${opened}`);
    const { socket } = opened;
    const fd = descriptorOf(socket);
    if (fd === null) return failed(slot, `${endpoint(address, target.port)}: the connection was gone at once`);
    keepalive ??= opened.keepalive;
    Object.assign(slot, { attempts: 0, error: null });
    slot.held = {
      id: readCookie(libc, fd),
      local: endpoint(socket.localAddress ?? '', socket.localPort ?? 0),
      remote: endpoint(address, target.port),
      connection: opened,
    };
  };

  const release = (slot: Slot): void => {
    slot.held?.connection.socket.destroy();
    slot.held = null;
    slot.over = !plan.reconnect;
    slot.retryAtMs = performance.now() + RETRY_FIRST_MS;
  };

  return {
    source: 'own',
    withoutSockDiag: null,
    keepalive: () => keepalive,
    /** The first step waits for the first attempts; later ones go on beside. */
    step: async (watched, atMs) => {
      const nowMs = performance.now();
      const work = lookUp(nowMs).then(() =>
        Promise.all(
          slots.map((slot, index) => {
            const isDue = slot.held === null && !slot.connecting && !slot.over && performance.now() >= slot.retryAtMs;
            return isDue ? connect(slot, index) : undefined;
          }),
        ),
      );
      work.catch(() => {}); // rejects only when aborted
      if (isFirst) await work.catch(() => {});
      isFirst = false;
      const events = told.splice(0);
      const looks = slots.flatMap((slot) => lookAt(slot, libc, watched, atMs, events, release));
      return [...watched.observe(looks, atMs), ...events];
    },
    listings: () => null,
    isOver: () => slots.every(({ held, connecting, over }) => held === null && !connecting && over),
    ownerOf: () => null,
    close: () => {
      for (const { held } of slots) held?.connection.socket.destroy();
    },
  };
}

/** Looks at one connection; one that is over is told, and let go. */
function lookAt(
  slot: Slot,
  libc: Libc,
  watched: WatchedConnections,
  atMs: number,
  events: EventDraft[],
  release: (slot: Slot) => void,
): ConnectionLook[] {
  const { held } = slot;
  if (held === null) return [];
  const { id, local, remote, connection } = held;
  const ended = connection.watch.ended();
  if (ended !== null) {
    const timedOut = ended.kind === 'failed' && ended.error === 'ETIMEDOUT';
    const how = ended.kind === 'closed' ? 'closed-by-peer' : timedOut ? 'timed-out' : ended.kind;
    const evidence = {
      ...(ended.kind === 'failed' && !timedOut ? { error: ended.error } : {}),
      livedForMs: Math.round(ended.afterMs),
    };
    const event = watched.ended(id, how, evidence, atMs);
    // It may be over before it was ever looked at.
    events.push(event ?? { event: how, id, connection: { local, remote }, evidence });
    release(slot);
    return [];
  }
  const fd = descriptorOf(connection.socket);
  if (fd === null) return [];
  const info = readTcpInfo(libc, fd);
  const { state } = info;
  // The socket knows already how it ended, and its event is on the way.
  if (state === 'closed') return [];
  return [
    {
      ...{ id, local, remote, probeKind: 'keepalive', probeLimit: connection.keepalive.count },
      state: state === 'close-wait' ? 'established' : state,
      unansweredProbes: info.unansweredProbes,
      retransmits: info.retransmits,
      unackedSegments: info.unackedSegments,
      rttMs: info.rttMs,
      lastAckReceivedMs: info.lastAckReceivedMs,
      lastDataSentMs: info.lastDataSentMs,
      lastDataReceivedMs: info.lastDataReceivedMs,
    },
  ];
}
