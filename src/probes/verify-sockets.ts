/** Asks idle connections of other processes whether their far end still knows them: one segment without payload, and nothing left changed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KernelError } from '../errors.ts';
import { withForeignSocket } from '../linux/foreign-socket.ts';
import { loadLibc } from '../linux/libc.ts';
import { sendWindowProbe } from '../linux/socket-options.ts';
import { silenceMs } from '../policy/live-keepalive.ts';
import type { LiveSocket } from '../report/sockets.ts';
import { unmeasured } from '../report.ts';
import type { LiveSockets } from './live-sockets.ts';

/** Why it was not asked, where that is no loss. */
export const CLOSED_MEANWHILE = 'its process closed it meanwhile';

/** One is no proof: packets get lost. */
const PROBES = 3;
/** The far end answers such segments at most twice a second (tcp_invalid_ratelimit in Documentation/networking/ip-sysctl.rst). */
const PROBE_INTERVAL_MS = 1000;
const POLL_MS = 100;
/** Whoever had traffic this recently needs no proof. */
const FRESH_MS = 1000;
/** The kernel counts in jiffies, the slowest of which take this long. */
const JIFFY_MS = 10;

/**
 * Sets `verified` of each socket: whether it answers one of three probes a second apart. Established connections only, with nothing in
 * flight; those that heard from the far end within a second have answered already. Rejects when aborted, with nothing to undo.
 */
export async function verifySockets(
  sockets: readonly LiveSocket[],
  live: LiveSockets,
  signal: AbortSignal,
): Promise<void> {
  const libc = await loadLibc();
  const asked = new Map<string, Question>();
  const ask = (socket: LiveSocket): string | null => {
    const { cookie } = socket;
    if (cookie === null) return 'its number is not known without sock_diag';
    let reason = 'no process is known to hold it';
    for (const { pid, fd } of socket.owners) {
      try {
        const sent = withForeignSocket(libc, { pid, fd, cookie }, (duplicate) => sendWindowProbe(libc, duplicate));
        if (sent === true) return null;
        reason = sent === null ? CLOSED_MEANWHILE : 'another program is repairing it (TCP_REPAIR)';
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        reason = `${error.message}: needs CAP_SYS_PTRACE and CAP_NET_ADMIN`;
      }
    }
    return reason;
  };
  for (const socket of sockets) {
    const silence = silenceMs(socket);
    if (socket.state !== 'established') socket.verified = unmeasured(`a probe says nothing in state ${socket.state}`);
    else if ((socket.unacked ?? 0) > 0) socket.verified = unmeasured('data in flight asks already');
    else if (
      Math.min(socket.lastReceivedMs ?? FRESH_MS, socket.lastAcknowledgedMs ?? FRESH_MS) < FRESH_MS &&
      silence !== null
    )
      socket.verified = { kind: 'answered', afterMs: 0 };
    else {
      const askedAtMs = performance.now();
      const reason = ask(socket);
      if (reason !== null) socket.verified = unmeasured(reason);
      else if (socket.cookie !== null) asked.set(socket.cookie, { socket, askedAtMs, probes: 1 });
    }
  }
  while (asked.size > 0) {
    await sleep(POLL_MS, undefined, { signal });
    const answers = lastHeard(live);
    const atMs = performance.now();
    for (const [cookie, question] of asked) {
      const { socket, askedAtMs, probes } = question;
      const heardMs = answers.get(cookie);
      const waitedMs = atMs - askedAtMs;
      if (heardMs === undefined) socket.verified = { kind: 'ended', afterMs: Math.round(waitedMs) };
      else if (heardMs !== null && heardMs < waitedMs - JIFFY_MS)
        socket.verified = { kind: 'answered', afterMs: Math.max(0, Math.round(waitedMs - heardMs)) };
      else if (waitedMs < probes * PROBE_INTERVAL_MS) continue;
      else if (probes === PROBES) socket.verified = { kind: 'unanswered', probes, afterMs: Math.round(waitedMs) };
      else {
        question.probes += 1;
        const reason = ask(socket);
        if (reason === null) continue;
        socket.verified = unmeasured(reason);
      }
      asked.delete(cookie);
    }
  }
}

interface Question {
  socket: LiveSocket;
  /** When the first probe went. */
  askedAtMs: number;
  probes: number;
}

/** By cookie: how long ago the far end acknowledged anything. */
function lastHeard(live: LiveSockets): Map<string, number | null> {
  const { sockets } = live.look({
    filter: { states: ['established'], pids: [], commands: [], local: [], remote: [], ports: [], risks: [] },
    owners: false,
    middleboxes: [],
    judgeLocal: false,
  });
  return new Map(
    sockets.flatMap(({ cookie, lastAcknowledgedMs }) => (cookie === null ? [] : [[cookie, lastAcknowledgedMs]])),
  );
}
