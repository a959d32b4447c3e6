import { connectAny } from '../../connections/connect.ts';
import {
  type IdleConnection,
  KEEPALIVE_OFF,
  openIdle,
  quietSince,
  startProbing,
} from '../../connections/idle-connection.ts';
import type { RequestedKeepalive } from '../../report/values.ts';
import { awaitCall, type CallOutcome, callName, type Inquiry, startPush } from './far-end-speaks.ts';
import { CONNECTIONS_BESIDE, type NamedConnection, type Search, type Work } from './search.ts';

/** Connections that are being made at once. */
const OPENING_AT_ONCE = 32;
/** A SYN that was lost is sent again after a second. */
const SYN_REPEATED_MS = 900;
/** How long nothing is opened after a failure. */
export const BACK_OFF_MS = 5000;
/** How often connections are looked at that are new, that may still meet segments sent again, and all others. */
export const LOOK_MS = { young: 100, settling: 1000, settled: 5000 } as const;
export const YOUNG_MS = 1000;
const SETTLING_MS = 32_000;

/** Opens a connection that is going to idle, on which in the server's direction the far end will speak when it is called. */
export async function openNamed(
  keepalive: RequestedKeepalive,
  { plan, libc, signal }: Work,
): Promise<NamedConnection | string> {
  const connection = await openIdle({ ...plan, keepalive, libc, signal });
  if (typeof connection === 'string') return connection;
  return { ...connection, name: plan.direction === 'server' ? await awaitCall(connection, libc, signal) : null };
}

/** Puts the question to a connection; null when it is over. */
export function inquire(connection: NamedConnection, work: Work): Inquiry | null {
  const { libc } = work;
  const { name } = connection;
  return name === null ? startProbing(connection, libc) : startPush(connection, { called: call(name, work), libc });
}

/** Has the far end speak, when those that were to be called before have been. */
function call(name: string, { plan, libc, search, signal }: Work): Promise<CallOutcome> {
  const { calls } = search;
  const next = async (): Promise<CallOutcome> => {
    calls.underWay = true;
    const called = await callName(name, { ...plan, libc, signal }).finally(() => {
      calls.underWay = false;
    });
    if (called.kind === 'spoken') search.witnessedAtMs.push(called.atMs);
    else calls.failures.add(called.reason);
    return called;
  };
  const called = calls.last.then(next);
  calls.last = called.catch(() => {}); // aborted
  return called;
}

/** Opens connections until there are as many as there may be. */
export function fill(work: Work): void {
  const { search } = work;
  makeRoom(search);
  if (performance.now() < search.backOffUntilMs) return;
  const held = search.idle.size + search.pending.size + (search.dead === null ? 0 : 1);
  const room = Math.min(search.capacity - held, OPENING_AT_ONCE) - search.openingCount;
  for (let count = 0; count < room; count += 1) void openOne(work);
}

async function openOne(work: Work): Promise<void> {
  const { libc, search, signal } = work;
  search.openingCount += 1;
  try {
    const connection = await openNamed(KEEPALIVE_OFF, work);
    search.openingCount -= 1;
    if (typeof connection === 'string') return refuse(work, connection);
    if (signal.aborted) {
      connection.socket.destroy();
      return;
    }
    search.madeCount += 1;
    search.handshakes.madeCount += 1;
    search.handshakes.lostCount += connection.connectMs > SYN_REPEATED_MS ? 1 : 0;
    search.rttMs = Math.max(search.rttMs, Math.min(connection.connectMs, SYN_REPEATED_MS));
    search.witnessedAtMs.push(connection.openedAtMs);
    const { sinceMs: quietSinceMs, heardAtMs } = quietSince(connection, libc) ?? {
      sinceMs: connection.openedAtMs,
      heardAtMs: connection.openedAtMs,
    };
    const lookAtMs = nextLookMs(connection);
    const id = search.madeCount;
    search.idle.set(id, { id, connection, quietSinceMs, heardAtMs, spoken: null, lookAtMs });
  } catch (error) {
    if (!signal.aborted) {
      search.openingCount -= 1;
      refuse(work, error instanceof Error ? error.message : 'could not connect');
    }
  }
}

/** Goes on with as many connections as there are, less those that are needed beside them now and then. */
export function refuse({ search, plan }: Work, why: string): void {
  const { idle, pending, openingCount } = search;
  const spareCount = CONNECTIONS_BESIDE[plan.direction] - 1; // the one with keepalive is open
  search.refusal = why;
  search.capacity = Math.max(1, idle.size + pending.size + openingCount - spareCount);
  search.backOffUntilMs = performance.now() + BACK_OFF_MS;
}

/** Closes the youngest of those that are too many since some were refused. */
function makeRoom({ idle, pending, openingCount, capacity }: Search): void {
  const excess = openingCount > 0 ? 0 : Math.min(idle.size - 1, idle.size + pending.size - capacity);
  for (const held of [...idle.values()].slice(idle.size - Math.max(0, excess))) {
    held.connection.socket.destroy();
    idle.delete(held.id);
  }
}

/** When to look at a connection again: soon while its handshake may still have to be repeated, seldom later. */
export function nextLookMs({ openedAtMs }: IdleConnection): number {
  const nowMs = performance.now();
  const age = nowMs - openedAtMs;
  return nowMs + (age < YOUNG_MS ? LOOK_MS.young : age < SETTLING_MS ? LOOK_MS.settling : LOOK_MS.settled);
}

/** Makes a connection of its own, to see whether the far end can be reached at all. */
export async function checkReach(work: Work): Promise<void> {
  const { plan, search, signal } = work;
  const { witness, arm } = search;
  // A name can be called once, which is left for the end.
  if (arm.connection?.name === null && arm.inquiry === null) arm.inquiry = inquire(arm.connection, work);
  if (witness.underWay) return;
  witness.underWay = true;
  try {
    const { socket } = await connectAny([plan.address], plan.target.port, { timeoutMs: 3500, signal });
    const nowMs = performance.now();
    if (socket === null) witness.failedSinceMs ??= nowMs;
    else {
      witness.failedSinceMs = null;
      search.witnessedAtMs.push(nowMs);
      socket.destroy();
    }
  } catch {
    // aborted
  } finally {
    witness.underWay = false;
  }
}
