import { type Stack, wholeSeconds } from './stack.ts';

/** requests has no switch of its own; the adapter of requests-toolbelt has (requests_toolbelt/adapters/socket_options.py). */
export const stack = {
  id: 'python-requests',
  name: 'requests, with requests-toolbelt',
  schemes: ['http', 'https'],
  switchOn({ idleMs, intervalMs, count, userTimeoutMs }) {
    const timers = `idle=${wholeSeconds(idleMs)}, interval=${wholeSeconds(intervalMs)}, count=${count}`;
    return [
      ...(userTimeoutMs === 0 ? [] : ['import socket']),
      'import requests',
      'from requests_toolbelt.adapters.socket_options import TCPKeepAliveAdapter',
      ...(userTimeoutMs === 0
        ? [`adapter = TCPKeepAliveAdapter(${timers})`]
        : [
            `options = TCPKeepAliveAdapter.default_options + [(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, ${Math.round(userTimeoutMs)})]`,
            `adapter = TCPKeepAliveAdapter(${timers}, socket_options=options)`,
          ]),
      'session = requests.Session()',
      "session.mount('http://', adapter)",
      "session.mount('https://', adapter)",
    ];
  },
} satisfies Stack;
