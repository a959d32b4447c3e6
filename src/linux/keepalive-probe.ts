/** A keepalive probe now, for those who lack the rights of sendWindowProbe(): any socket whose descriptor may be duplicated can be asked so. */
import type { Keepalive } from '../report/values.ts';
import type { Libc } from './libc.ts';
import { startKeepalive, stopKeepalive } from './socket-options.ts';
import { readTcpInfo, type TcpInfo } from './tcp-info.ts';

/** The timer fires at the next jiffy; while a system call of its process has the socket it tries again after 50 ms (tcp_keepalive_timer). */
const PATIENCE_MS = 250;
const POLL_MS = 2;

/** A socket that has been silent for more than a second, as it was found. */
export interface ProbedSocket {
  fd: number;
  before: Keepalive;
  info: TcpInfo;
}

/**
 * Has the kernel send one keepalive probe on each of these sockets, and sets back what it changed for that: SO_KEEPALIVE on, where it was off,
 * and TCP_KEEPIDLE to a second, which is over already (tcp_sock_set_keepidle_locked in net/ipv4/tcp.c). Returns of each whether the probe
 * has gone. It waits without letting anything else run, a signal's handler included, so nothing comes between the change and its undoing.
 *
 * What stays: TCP_KEEPIDLE has its value again, but as one of its own, also where it was that of the sysctl, and zero, which stands for
 * that, cannot be set; and an unanswered probe counts until the far end sends something.
 */
export function provokeKeepaliveProbes(libc: Libc, sockets: readonly ProbedSocket[]): boolean[] {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const begun: ProbedSocket[] = [];
  const gone = new Set<ProbedSocket>();
  try {
    for (const socket of sockets) {
      begun.push(socket);
      startKeepalive(libc, socket.fd, socket.before);
    }
    const endMs = performance.now() + PATIENCE_MS;
    while (gone.size < sockets.length && performance.now() < endMs) {
      Atomics.wait(pause, 0, 0, POLL_MS);
      for (const socket of sockets) if (!gone.has(socket) && hasProbed(libc, socket)) gone.add(socket);
    }
  } finally {
    setBack(libc, begun);
  }
  return sockets.map((socket) => gone.has(socket));
}

/** All of them, also when one fails, which is then thrown. */
function setBack(libc: Libc, [first, ...rest]: readonly ProbedSocket[]): void {
  if (first === undefined) return;
  try {
    stopKeepalive(libc, first.fd, first.before);
  } finally {
    setBack(libc, rest);
  }
}

/** It counts, or has been answered already. */
function hasProbed(libc: Libc, { fd, info }: ProbedSocket): boolean {
  const { unansweredProbes, lastAckReceivedMs } = readTcpInfo(libc, fd);
  return unansweredProbes > info.unansweredProbes || (lastAckReceivedMs ?? 0) < (info.lastAckReceivedMs ?? 0);
}
