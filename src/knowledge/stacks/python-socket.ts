import { type StackFacts, type SwitchValues, wholeSeconds } from '../stack.ts';

/** On any socket of Python, also inside an SSLSocket; the names are those of tcp(7). */
export const stack = {
  name: 'Python socket, on an open `sock`',
  schemes: ['tcp', 'tls'],
  rank: 9,
  processes: ['python', 'gunicorn', 'uwsgi', 'celery', 'uvicorn'],
  source: null,
  confidence: 'observed',
  keepalive: null,
  switchOn: (values) => ['import socket', ...pythonSocketOptions(values).map((option) => `sock.setsockopt${option}`)],
} satisfies StackFacts;

/** The arguments of setsockopt() for these values, each in brackets. */
export function pythonSocketOptions({ idleMs, intervalMs, count, userTimeoutMs }: SwitchValues): string[] {
  return [
    '(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)',
    `(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, ${wholeSeconds(idleMs)})`,
    `(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, ${wholeSeconds(intervalMs)})`,
    `(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, ${count})`,
    ...(userTimeoutMs === 0 ? [] : [`(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, ${Math.round(userTimeoutMs)})`]),
  ];
}
