/** Asks idle connections of other processes whether their far end still knows them: by segments without payload. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { KernelError } from '../base/errors.ts';
import { duplicateForeignSocket } from '../linux/foreign-socket.ts';
import { type ProbedSocket, provokeKeepaliveProbes } from '../linux/keepalive-probe.ts';
import { type Libc, loadLibc } from '../linux/libc.ts';
import { inNetworkNamespaceOf } from '../linux/network-namespace.ts';
import { readKeepalive, sendWindowProbe } from '../linux/socket-options.ts';
import { count, readSysctl } from '../linux/sysctl.ts';
import { readTcpInfo } from '../linux/tcp-info.ts';
import { unmeasured } from '../report/values.ts';
import { silenceMs } from './keepalive-from-timer.ts';
import type { LiveSocket, VerificationProbe } from './live-socket.ts';
import type { LiveSockets } from './live-sockets.ts';
import { bearableProbes, DATA_IN_FLIGHT, LEAST_PROBES } from './probe-budget.ts';
import { ANY_SOCKET } from './socket-filter.ts';
import { eachSocket } from './socket-table.ts';

/** Why it was not asked, where that is no loss. */
export const CLOSED_MEANWHILE = 'its process closed it meanwhile';

const PROBES = 3;
/** The far end answers such segments at most twice a second (tcp_invalid_ratelimit in Documentation/networking/ip-sysctl.rst). */
const PROBE_INTERVAL_MS = 1000;
const POLL_MS = 100;
/** Whoever had traffic this recently needs no proof. */
const FRESH_MS = 1000;
/** The kernel counts in jiffies, the slowest of which take this long. */
const JIFFY_MS = 10;
/** So many descriptors are duplicated at once. */
const TOGETHER = 64;
/** They would end the program at once, between a change and its undoing; SIGINT and SIGTERM it handles anyway. */
const DEFERRED_SIGNALS = ['SIGHUP', 'SIGQUIT'] as const;

/** What stays of the asking where it took keepalive probes. */
export interface KeepaliveProbed {
  sockets: number;
  /** Of these: those whose TCP_KEEPIDLE was what the sysctl says, or may have been. */
  idlePinned: number;
}

/**
 * Sets `verified` of each socket: whether it answers one of two or three probes a second apart. Established connections only, with nothing in
 * flight; those that heard from the far end within a second have answered already. Where rights reach, nothing is changed for that; else
 * keepalive is, for some milliseconds (provokeKeepaliveProbes). Rejects when aborted, with nothing to undo. `pid`: a process in the
 * network namespace of the sockets; null: they are in kaprobe's own.
 */
export async function verifySockets(
  sockets: readonly LiveSocket[],
  live: LiveSockets,
  { pid, signal }: { pid: number | null; signal: AbortSignal },
): Promise<KeepaliveProbed> {
  const libc = await loadLibc();
  const sysctlIdleMs = await readSysctlIdleMs(pid);
  const open = new Map<string, Question>();
  for (const socket of sockets) {
    const { state, unacked, lastReceivedMs, lastAcknowledgedMs, cookie } = socket;
    const heardMs = Math.min(lastReceivedMs ?? FRESH_MS, lastAcknowledgedMs ?? FRESH_MS);
    if (state !== 'established') socket.verified = unmeasured(`a probe says nothing in state ${state}`);
    else if ((unacked ?? 0) > 0) socket.verified = unmeasured(DATA_IN_FLIGHT);
    else if (heardMs < FRESH_MS && silenceMs(socket) !== null)
      socket.verified = { kind: 'answered', afterMs: 0, by: null };
    else if (cookie === null) socket.verified = unmeasured('its number is not known without sock_diag');
    else open.set(cookie, { socket, cookie, askedAtMs: 0, probes: 0, most: PROBES, by: null });
  }
  const all = [...open.values()];
  const ask = async (questions: readonly Question[]): Promise<void> => {
    for (let at = 0; at < questions.length; at += TOGETHER) {
      const together = questions.slice(at, at + TOGETHER);
      askTogether(libc, together, sysctlIdleMs);
      for (const { socket, cookie } of together) if (socket.verified !== null) open.delete(cookie);
      await nextTurn(undefined, { signal });
    }
  };
  const admit = deferSignals();
  try {
    await ask(all);
    while (open.size > 0) {
      await sleep(POLL_MS, undefined, { signal });
      const heard = lastHeard(live);
      for (const question of open.values()) {
        judge(question, heard.get(question.cookie));
        if (question.socket.verified !== null) open.delete(question.cookie);
      }
      await ask([...open.values()].filter((question) => waitedMs(question) >= question.probes * PROBE_INTERVAL_MS));
    }
  } finally {
    admit();
  }
  const pinned = all.flatMap(({ by }) => (by?.method === 'keepalive-probe' ? [by.idlePinned !== false] : []));
  return { sockets: pinned.length, idlePinned: pinned.filter(Boolean).length };
}

interface Question {
  socket: LiveSocket;
  cookie: string;
  /** When the first probe went. */
  askedAtMs: number;
  probes: number;
  /** No more than this. */
  most: number;
  /** null: nothing was tried yet. */
  by: VerificationProbe | null;
}

function waitedMs({ askedAtMs }: Question): number {
  return performance.now() - askedAtMs;
}

/** Sets what has become of it, once that is known. `heardMs`: how long ago the far end acknowledged anything; undefined: the connection is gone. */
function judge(question: Question, heardMs: number | null | undefined): void {
  const { socket, probes, most, by } = question;
  if (by === null) return;
  const sinceMs = waitedMs(question);
  const afterMs = Math.round(sinceMs);
  if (heardMs === undefined) socket.verified = { kind: 'ended', afterMs, by };
  else if (heardMs !== null && heardMs < sinceMs - JIFFY_MS)
    socket.verified = { kind: 'answered', afterMs: Math.max(0, Math.round(sinceMs - heardMs)), by };
  else if (probes >= most && sinceMs >= probes * PROBE_INTERVAL_MS)
    socket.verified = { kind: 'unanswered', probes, afterMs, by };
}

/** Sends a probe on each of a few sockets, through duplicates of their descriptors; sets what is known of those on which it cannot. */
function askTogether(libc: Libc, questions: readonly Question[], sysctlIdleMs: number | null): void {
  const duplicates: number[] = [];
  const without: { question: Question; probed: ProbedSocket }[] = [];
  try {
    for (const question of questions) {
      const { socket, cookie } = question;
      const fd = reach(libc, socket, cookie);
      if (typeof fd === 'string') {
        socket.verified = unmeasured(fd);
        continue;
      }
      duplicates.push(fd);
      const sent = sendIfAllowed(libc, fd);
      if (sent === true) countProbe(question, { method: 'window-probe' });
      else if (sent === false) socket.verified = unmeasured('another program is repairing it (TCP_REPAIR)');
      else {
        const probed = prepare(libc, fd, question);
        if (probed !== null) without.push({ question, probed });
      }
    }
    const sent = provokeKeepaliveProbes(
      libc,
      without.map(({ probed }) => probed),
    );
    for (const [index, { question, probed }] of without.entries()) {
      const idlePinned = sysctlIdleMs === null ? null : probed.before.idleMs === sysctlIdleMs;
      question.by ??= { method: 'keepalive-probe', idlePinned };
      if (sent[index] === true) countProbe(question, question.by);
      else question.socket.verified = unmeasured('the kernel sent no keepalive probe in time');
    }
  } finally {
    for (const fd of duplicates) libc.close(fd);
  }
}

function countProbe(question: Question, by: VerificationProbe): void {
  if (question.probes === 0) question.askedAtMs = performance.now();
  question.probes += 1;
  question.by = by;
}

/** A duplicate of its descriptor, which is the caller's to close; or why there is none. */
function reach(libc: Libc, { owners }: LiveSocket, cookie: string): number | string {
  let reason = 'no process is known to hold it';
  for (const { pid, fd } of owners) {
    try {
      const duplicate = duplicateForeignSocket(libc, { pid, fd, cookie });
      if (duplicate !== null) return duplicate;
      reason = CLOSED_MEANWHILE;
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      reason = explain(error);
    }
  }
  return reason;
}

function explain({ errno, message }: KernelError): string {
  switch (errno) {
    case 'EBADF':
    case 'ESRCH':
      return CLOSED_MEANWHILE;
    case 'EPERM':
      return `${message}: needs ptrace permission over its process (its own user where kernel.yama.ptrace_scope allows it, or CAP_SYS_PTRACE)`;
    default:
      return message;
  }
}

/** As sendWindowProbe(); null without the right to it. */
function sendIfAllowed(libc: Libc, fd: number): boolean | null {
  try {
    return sendWindowProbe(libc, fd);
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'EPERM') return null;
    throw error;
  }
}

/** What is to be probed by keepalive; null when that must not be, and then what is known is set. */
function prepare(libc: Libc, fd: number, question: Question): ProbedSocket | null {
  const { socket, probes, by } = question;
  const before = readKeepalive(libc, fd);
  const info = readTcpInfo(libc, fd);
  const silence = Math.min(info.lastAckReceivedMs ?? 0, info.lastDataReceivedMs ?? 0);
  if (silence < FRESH_MS) {
    socket.verified = { kind: 'answered', afterMs: by === null ? 0 : Math.round(waitedMs(question) - silence), by };
    return null;
  }
  const bearable = bearableProbes(
    before,
    {
      unansweredProbes: info.unansweredProbes,
      unackedSegments: info.unackedSegments ?? 0,
      notSentBytes: info.notSentBytes ?? 0,
      silenceMs: silence,
    },
    probes === 0 ? LEAST_PROBES : 1,
  );
  if (typeof bearable === 'string') {
    socket.verified =
      probes >= LEAST_PROBES && by !== null
        ? { kind: 'unanswered', probes, afterMs: Math.round(waitedMs(question)), by }
        : unmeasured(bearable);
    return null;
  }
  question.most = Math.min(question.most, probes + bearable);
  return { fd, before, info };
}

/** TCP_KEEPIDLE of sockets that have none of their own; null: not known. */
async function readSysctlIdleMs(pid: number | null): Promise<number | null> {
  const read = (): number | null => count(readSysctl('net.ipv4.tcp_keepalive_time'));
  const seconds = pid === null ? read() : await inNetworkNamespaceOf(pid, read).catch(() => null);
  return seconds === null ? null : seconds * 1000;
}

/** Has signals that would end the program in the middle of its work do so after it; returns what admits them again. */
function deferSignals(): () => void {
  const again = (signal: NodeJS.Signals): void => {
    process.kill(process.pid, signal);
  };
  for (const signal of DEFERRED_SIGNALS) process.once(signal, again);
  return () => {
    for (const signal of DEFERRED_SIGNALS) process.removeListener(signal, again);
  };
}

/** By cookie: how long ago the far end acknowledged anything. */
function lastHeard(live: LiveSockets): Map<string, number | null> {
  const { list } = live.look({
    filter: { ...ANY_SOCKET, states: ['established'] },
    owners: false,
    middleboxes: [],
    judgeLocal: false,
  });
  const heard = new Map<string, number | null>();
  eachSocket(list, ({ cookie, lastAcknowledgedMs }) => {
    if (cookie !== null) heard.set(cookie, lastAcknowledgedMs);
  });
  return heard;
}
