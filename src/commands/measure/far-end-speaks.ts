import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../base/deadline.ts';
import { connectAny } from '../../connections/connect.ts';
import {
  type IdleConnection,
  infoOf,
  KEEPALIVE_OFF,
  openIdle,
  type Probing,
  quietSince,
} from '../../connections/idle-connection.ts';
import { DONE_LINE, REFUSAL, SPOKEN_LINE, speakNow, speakWhenCalled } from '../../connections/responder-lines.ts';
import type { Target } from '../../connections/target.ts';
import type { Libc } from '../../linux/libc.ts';
import { descriptorOf } from '../../linux/socket-options.ts';
import { readTcpInfo } from '../../linux/tcp-info.ts';
import { pushesBy } from './retransmit-schedule.ts';

/** For the connection and for the answer each: several SYNs, and several retransmissions. */
const CALL_TIMEOUT_MS = 10_000;
/** No line of a responder's is longer. */
const LONGEST_LINE_BYTES = 256;
/** How long the acknowledgement of a request is waited for at the least: the kernel acknowledges the first segments of a connection at once. */
const ACKNOWLEDGED_MS = 60;
/** The kernel counts in ticks of 10 ms at the most. */
const TICK_MS = 10;
const LOOK_MS = 25;

/** A question put to an idle connection: by probes of this side's kernel, or by having the far end speak. */
export type Inquiry = Pick<Probing, 'startedAtMs' | 'idleAtLeastMs' | 'idleAtMostMs'> & {
  /** `void`: the far end could not be made to speak, which says nothing about the connection. */
  look():
    | { kind: 'gone' }
    | { kind: 'void' }
    | { kind: 'answered'; lostCount: number }
    | { kind: 'unanswered'; probeCount: number };
};

/** What came of calling a name: when the far end had spoken, or why it did not. */
export type CallOutcome = { kind: 'spoken'; atMs: number } | { kind: 'refused' | 'failed'; reason: string };

/** The far end, which must be `kaprobe serve`. */
export interface FarEnd {
  target: Target;
  /** The address to connect to. */
  address: string;
  libc: Libc;
  signal: AbortSignal;
}

/**
 * Asks the far end to speak on this connection when its name is called, and returns the name once that has been acknowledged: a call that
 * overtakes a request which was lost and is sent again would find nobody of that name.
 */
export async function awaitCall(
  { socket, connectMs }: IdleConnection,
  libc: Libc,
  signal: AbortSignal,
): Promise<string> {
  const name = randomBytes(16).toString('hex');
  socket.write(speakWhenCalled(name));
  const untilMs = performance.now() + CALL_TIMEOUT_MS;
  const isUnderWay = (): boolean => {
    const fd = descriptorOf(socket);
    return fd !== null && (readTcpInfo(libc, fd).unackedSegments ?? 0) > 0;
  };
  await sleep(Math.max(ACKNOWLEDGED_MS, 2 * connectMs), undefined, { signal });
  while (isUnderWay() && performance.now() < untilMs) await sleep(LOOK_MS, undefined, { signal });
  return name;
}

/** Has the far end speak on the connection of that name, by way of a new connection. Rejects only when aborted. */
export async function callName(name: string, { target, address, signal }: FarEnd): Promise<CallOutcome> {
  const { socket, error } = await connectAny([address], target.port, { timeoutMs: CALL_TIMEOUT_MS, signal });
  if (socket === null) return { kind: 'failed', reason: `could not connect (${error})` };
  try {
    socket.write(speakNow(name));
    const line = await lineFrom(socket, signal);
    const atMs = performance.now();
    if (line === DONE_LINE) return { kind: 'spoken', atMs };
    if (line?.startsWith(REFUSAL)) return { kind: 'refused', reason: line.slice(REFUSAL.length).trimEnd() };
    return { kind: 'failed', reason: line === null ? 'no answer' : 'another answer' };
  } finally {
    socket.destroy();
  }
}

/** What comes until the end of the line; null when that does not come in time. Rejects only when aborted. */
function lineFrom(socket: Socket, signal: AbortSignal): Promise<string | null> {
  return waitFor<string | null>({ timeoutMs: CALL_TIMEOUT_MS, signal, late: () => null }, (settle) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (text.includes('\n') || text.length > LONGEST_LINE_BYTES) settle(text);
    });
    socket.on('error', () => {}); // closes
    socket.on('close', () => settle(null));
  });
}

/**
 * Has the far end speak first on an idle connection that waits for its name; null when the connection is over. What the far end sent left
 * after the call, and no later than its word that it has sent it arrived; a segment that was lost its kernel sends again, as all kernels do.
 */
export function startPush(
  connection: IdleConnection,
  { called, libc }: { called: Promise<CallOutcome>; libc: Libc },
): Inquiry | null {
  const quiet = quietSince(connection, libc);
  const before = infoOf(connection, libc);
  if (quiet === null || before === null) return null;
  const startedAtMs = performance.now();
  const rttMs = before.rttMs ?? connection.connectMs;
  let call: CallOutcome | null = null;
  called.then(
    (result) => {
      call = result;
    },
    () => {}, // aborted, and so is who asks
  );
  const spokenAtMs = (): number | null => (call?.kind === 'spoken' ? call.atMs : null);
  const pushCount = (): number => pushesBy(performance.now() - (spokenAtMs() ?? Number.POSITIVE_INFINITY), rttMs);
  return {
    startedAtMs,
    idleAtLeastMs: Math.max(0, startedAtMs - quiet.sinceMs),
    idleAtMostMs: () => (spokenAtMs() ?? performance.now()) - quiet.heardAtMs + TICK_MS,
    look: () => {
      const now = infoOf(connection, libc);
      if (now === null || now.state !== 'established') return { kind: 'gone' };
      // The kernel's own count (since Linux 4.6): what has arrived counts, even if this program was stopped meanwhile.
      if ((now.dataSegmentsIn ?? 0) > (before.dataSegmentsIn ?? 0))
        return { kind: 'answered', lostCount: Math.max(0, pushCount() - 1) };
      if (call !== null && call.kind !== 'spoken') return { kind: 'void' };
      return { kind: 'unanswered', probeCount: pushCount() };
    },
  };
}

/** Tries it all out without any silence: why the far end cannot be made to speak; null when it can. Rejects only when aborted. */
export async function obstacleToSpeaking(farEnd: FarEnd): Promise<string | null> {
  const { libc, signal } = farEnd;
  const connection = await openIdle({ ...farEnd, keepalive: KEEPALIVE_OFF, application: null });
  if (typeof connection === 'string') return connection;
  try {
    const said = lineFrom(connection.socket, signal);
    const name = await awaitCall(connection, libc, signal);
    const push = startPush(connection, { called: callName(name, farEnd), libc });
    for (;;) {
      const look = push?.look() ?? { kind: 'gone' };
      if (look.kind === 'gone') return 'it ends the connection';
      if (look.kind === 'void') return 'it does not take the request';
      if (look.kind === 'answered') return (await said) === SPOKEN_LINE ? null : 'it says something else';
      if (performance.now() - connection.openedAtMs > 3 * CALL_TIMEOUT_MS) return 'nothing that it says arrives';
      await sleep(LOOK_MS, undefined, { signal });
    }
  } finally {
    connection.socket.destroy();
  }
}
