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
import { readingsOf, type WatchSource } from './watch-source.ts';

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

/** What a watch of connections of its own keeps from one step to the next. */
interface OwnWatch extends OwnPlan {
  lookUpName: typeof resolve;
  slots: Slot[];
  /** What happened beside the steps, until the next one tells it. */
  untold: EventDraft[];
  /** As the first connection has it. */
  firstKeepalive: Keepalive | null;
  addresses: string[];
  resolvedAtMs: number;
  resolving: boolean;
}

/** Opens nothing yet: the first step does. `lookUpName`: what answers for the system's resolver. */
export function watchOwn(plan: OwnPlan, lookUpName: typeof resolve = resolve): OwnSource {
  setMaxListeners(0, plan.signal); // one for each connection that is being made
  const own: OwnWatch = {
    ...plan,
    lookUpName,
    slots: Array.from(
      { length: plan.connections },
      (): Slot => ({ held: null, connecting: false, attempts: 0, retryAtMs: 0, error: null, over: false }),
    ),
    untold: [],
    firstKeepalive: null,
    addresses: [],
    resolvedAtMs: Number.NEGATIVE_INFINITY,
    resolving: false,
  };
  let isFirst = true;
  return {
    source: 'own',
    withoutSockDiag: null,
    keepalive: () => own.firstKeepalive,
    /** The first step waits for the first attempts; later ones go on beside. */
    step: async (watched, atMs) => {
      const work = lookUp(own, performance.now()).then(() => connectDue(own));
      work.catch(() => {}); // rejects only when aborted
      if (isFirst) await work.catch(() => {});
      isFirst = false;
      const events = own.untold.splice(0);
      const looks = own.slots.flatMap((slot) => lookAt(own, slot, watched, atMs, events));
      return [...watched.observe(looks, atMs), ...events];
    },
    listings: () => null,
    isOver: () => own.slots.every(({ held, connecting, over }) => held === null && !connecting && over),
    ownerOf: () => null,
    close: () => {
      for (const { held } of own.slots) held?.connection.socket.destroy();
    },
  };
}

/** Looks the name up when it is time; what has changed is told. */
async function lookUp(own: OwnWatch, nowMs: number): Promise<void> {
  const { target, signal, slots } = own;
  if (own.resolving || nowMs - own.resolvedAtMs < own.resolveEveryMs) return;
  if (isIP(target.host) !== 0) {
    own.addresses = [target.host];
    own.resolvedAtMs = Number.POSITIVE_INFINITY;
    return;
  }
  own.resolving = true;
  const answer = await own.lookUpName(target.host, null, { timeoutMs: RESOLVE_TIMEOUT_MS, signal });
  own.resolving = false;
  own.resolvedAtMs = performance.now();
  if (answer.kind === 'unresolved') {
    if (own.addresses.length > 0) return;
    // There is nothing to connect to: whoever waits for an address has failed.
    const waiting = slots.filter(({ held, connecting }) => held === null && !connecting);
    for (const slot of waiting) noteFailure(own, slot, `could not look up ${target.host} (${answer.error})`);
    return;
  }
  const now = answer.addresses.slice(0, MOST_ADDRESSES);
  const inUse = [...new Set(slots.flatMap(({ held }) => (held === null ? [] : [hostOf(held.remote)])))];
  const left = inUse.filter((address) => !now.includes(address) && own.addresses.includes(address));
  own.addresses = now;
  if (left.length > 0) tell(own, 'rotated', { name: target.host, connectedTo: left, resolvesTo: now });
}

function tell({ untold }: OwnWatch, event: EventDraft['event'], evidence: EventDraft['evidence']): void {
  untold.push({ event, id: null, connection: null, evidence });
}

function noteFailure(own: OwnWatch, slot: Slot, error: string): void {
  slot.attempts += 1;
  slot.retryAtMs = performance.now() + Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** (slot.attempts - 1));
  // With several addresses each is tried once.
  slot.over = !own.reconnect && slot.attempts >= own.addresses.length;
  if (slot.error !== error) tell(own, 'not-connected', { error });
  slot.error = error;
}

/** Tries to make each connection whose time has come. */
async function connectDue(own: OwnWatch): Promise<void> {
  await Promise.all(
    own.slots.map((slot, index) => {
      const isDue = slot.held === null && !slot.connecting && !slot.over && performance.now() >= slot.retryAtMs;
      return isDue ? connect(own, slot, index) : undefined;
    }),
  );
}

async function connect(own: OwnWatch, slot: Slot, index: number): Promise<void> {
  const { target, libc, signal, keepalive, addresses } = own;
  const address = addresses[(index + slot.attempts) % addresses.length];
  if (address === undefined) return;
  slot.connecting = true;
  const opened = await openIdle({ target, libc, signal, keepalive, address, application: null });
  slot.connecting = false;
  if (signal.aborted) {
    if (typeof opened !== 'string') opened.socket.destroy();
    return;
  }
  const remote = endpoint(address, target.port);
  const fd = typeof opened === 'string' ? null : descriptorOf(opened.socket);
  if (typeof opened === 'string' || fd === null) {
    const error = typeof opened === 'string' ? opened : 'the connection was gone at once';
    noteFailure(own, slot, `${remote}: ${error}`);
    return;
  }
  const { socket } = opened;
  own.firstKeepalive ??= opened.keepalive;
  slot.attempts = 0;
  slot.error = null;
  slot.held = {
    id: readCookie(libc, fd),
    local: endpoint(socket.localAddress ?? '', socket.localPort ?? 0),
    remote,
    connection: opened,
  };
}

function release({ reconnect }: OwnWatch, slot: Slot): void {
  slot.held?.connection.socket.destroy();
  slot.held = null;
  slot.over = !reconnect;
  slot.retryAtMs = performance.now() + RETRY_FIRST_MS;
}

/** Looks at one connection; one that is over is told, and let go. */
function lookAt(
  own: OwnWatch,
  slot: Slot,
  watched: WatchedConnections,
  atMs: number,
  events: EventDraft[],
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
    release(own, slot);
    return [];
  }
  const fd = descriptorOf(connection.socket);
  if (fd === null) return [];
  const info = readTcpInfo(own.libc, fd);
  const { state } = info;
  // The socket knows already how it ended, and its event is on the way.
  if (state === 'closed') return [];
  return [
    {
      id,
      local,
      remote,
      state: state === 'close-wait' ? 'established' : state,
      probeKind: 'keepalive',
      probeLimit: connection.keepalive.count,
      ...readingsOf(info),
    },
  ];
}
