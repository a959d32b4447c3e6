import { quietSince } from '../../connections/idle-connection.ts';
import { lookAtArm } from './keepalive-arm.ts';
import type { RungTest } from './ladder.ts';
import { inquire, nextLookMs, refuse } from './open-connections.ts';
import { type Held, openCount, type Search, type Tested, type Work } from './search.ts';

/** A connection that is closed as soon as this was turned away. */
const TURNED_AWAY_MS = 500;
/** A peer that says something and closes within this time has said why it closes (PostgreSQL's FATAL, the close_notify of TLS). */
const FAREWELL_MS = 2000;
/** How long the event of an end that the kernel knows of may be on its way. */
const EVENT_MS = 2000;

/** Takes in what has become of all connections. */
export function lookAround(work: Work): void {
  const { search } = work;
  for (const held of search.idle.values()) lookAtIdle(held, work);
  for (const tested of search.pending.values()) lookAtTested(tested, work);
  search.openedAtMost = Math.max(search.openedAtMost, openCount(search));
  lookAtArm(work);
}

/** Notes since when it has been quiet, or how it ended. */
function lookAtIdle(held: Held, work: Work): void {
  const { connection, quietSinceMs, heardAtMs, spoken } = held;
  if (connection.watch.ended() === null) {
    if (performance.now() < held.lookAtMs) return;
    held.lookAtMs = nextLookMs(connection);
  }
  const { dataSegmentCount } = connection.traffic;
  const quiet = quietSince(connection, work.libc);
  if (quiet === null) {
    if (noteEnd(held, work)) work.search.idle.delete(held.id);
    return;
  }
  const speaks = connection.traffic.dataSegmentCount > dataSegmentCount;
  if (speaks && (spoken === null || quiet.heardAtMs - spoken.atMs >= FAREWELL_MS))
    held.spoken = { quietSinceMs, heardAtMs, atMs: quiet.heardAtMs, count: (spoken?.count ?? 0) + 1 };
  held.quietSinceMs = Math.max(quietSinceMs, quiet.sinceMs);
  held.heardAtMs = quiet.heardAtMs;
}

/** Notes what its probes have drawn. A test that is decided leaves the list, and its connection is closed. */
function lookAtTested(tested: Tested, work: Work): void {
  const { test, inquiry, connection, id } = tested;
  const look = inquiry.look();
  test.atMostMs = Math.max(test.atLeastMs, inquiry.idleAtMostMs());
  const nowMs = performance.now();
  const decide = (outcome: RungTest['outcome']): void => {
    work.search.pending.delete(id);
    test.outcome = outcome;
    connection.socket.destroy();
  };
  switch (look.kind) {
    case 'gone': {
      const ended = connection.watch.ended();
      if (ended === null && nowMs - test.lastProbeAtMs < EVENT_MS) return;
      decide(ended?.kind === 'reset' ? 'reset' : 'unmeasured');
      if (ended?.kind === 'closed') noteEnd(tested, work);
      break;
    }
    case 'void':
      decide('unmeasured');
      break;
    case 'answered':
      test.unansweredCount = look.lostCount;
      work.search.witnessedAtMs.push(nowMs);
      decide('alive');
      break;
    case 'unanswered':
      if (look.probeCount <= test.unansweredCount) break;
      test.unansweredCount = look.probeCount;
      test.lastProbeAtMs = nowMs;
      break;
    default:
      look satisfies never;
  }
}

/** Notes how a connection ended by itself; false while that is not known yet. */
function noteEnd(held: Held, work: Work): boolean {
  const { search } = work;
  const { connection, spoken } = held;
  const ended = connection.watch.ended();
  if (ended === null) return connection.socket.destroyed;
  const endedAtMs = connection.openedAtMs + ended.afterMs;
  const farewell = spoken !== null && endedAtMs - spoken.atMs < FAREWELL_MS ? spoken : null;
  if (spoken !== null && spoken.count > 1) {
    // Its last word need not be why it closes, and may not have been seen: how long it was idle is not known.
    connection.socket.destroy();
    refuse(work, 'the peer keeps sending: its connections are not idle when it ends them');
    return true;
  }
  const { quietSinceMs, heardAtMs } = farewell ?? held;
  const atMs = farewell?.atMs ?? endedAtMs;
  connection.socket.destroy();
  if (ended.kind === 'failed') return true;
  if (ended.afterMs < TURNED_AWAY_MS) {
    refuse(work, `the peer ${ended.kind === 'closed' ? 'closes' : 'resets'} further connections at once`);
    return true;
  }
  search.ends.push({
    atLeastMs: Math.max(0, atMs - quietSinceMs),
    idleMs: Math.max(0, atMs - heardAtMs),
    how: ended.kind,
    atMs,
  });
  return true;
}

/** Puts the question to an idle connection whether it lives. */
export function startTest(id: number, plannedMs: number, work: Work): void {
  const { search } = work;
  const held = search.idle.get(id);
  if (held === undefined) return;
  const inquiry = inquire(held.connection, work);
  if (inquiry === null) return; // the next look notes its end
  const test: RungTest = {
    id,
    plannedMs,
    atLeastMs: inquiry.idleAtLeastMs,
    atMostMs: Math.max(inquiry.idleAtLeastMs, inquiry.idleAtMostMs()),
    startedAtMs: inquiry.startedAtMs,
    unansweredCount: 0,
    lastProbeAtMs: inquiry.startedAtMs,
    outcome: 'pending',
  };
  search.idle.delete(id);
  search.tests.push(test);
  search.pending.set(id, { ...held, test, inquiry });
}

/** Takes tests for dead, though nothing came back that says so. */
export function conclude(ids: readonly number[], search: Search): void {
  for (const id of ids) {
    const tested = search.pending.get(id);
    if (tested === undefined) continue;
    tested.test.outcome = 'stalled';
    search.pending.delete(id);
    if (search.dead === null) search.dead = tested;
    else tested.connection.socket.destroy();
  }
}
