import { type Stack, wholeSeconds } from '../stack.ts';

/** On any socket of Python, also inside an SSLSocket; the names are those of tcp(7). */
export const stack = {
  id: 'python-socket',
  name: 'Python socket, on an open `sock`',
  schemes: ['tcp', 'tls'],
  rank: 9,
  switchOn({ idleMs, intervalMs, count, userTimeoutMs }) {
    return [
      'import socket',
      'sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)',
      `sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, ${wholeSeconds(idleMs)})`,
      `sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, ${wholeSeconds(intervalMs)})`,
      `sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, ${count})`,
      ...(userTimeoutMs === 0
        ? []
        : [`sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, ${Math.round(userTimeoutMs)})`]),
    ];
  },
} satisfies Stack;
