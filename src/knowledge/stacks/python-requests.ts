import { type StackFacts, type SwitchValues, wholeSeconds } from '../stack.ts';

/** requests has no switch of its own; the adapter of requests-toolbelt has (requests_toolbelt/adapters/socket_options.py). */
export const stack = {
  name: 'requests, with requests-toolbelt',
  schemes: ['http', 'https'],
  rank: 6,
  source: 'https://pypi.org/project/requests/2.34.2/',
  note: 'requests/adapters.py of 2.34.2: a Session keeps 10 connections a host and gives none up; requests.get() keeps none',
  keepalive: null,
  switchOn: (values) => [
    ...(values.userTimeoutMs === 0 ? [] : ['import socket']),
    'import requests',
    ...toolbeltAdapter(values),
    'session = requests.Session()',
    "session.mount('http://', adapter)",
    "session.mount('https://', adapter)",
  ],
  http: {
    product: 'requests',
    aliases: ['requests'],
    client: {
      poolIdle: { value: 'never', setting: null },
      poolSize: { value: 10, setting: 'pool_maxsize' },
      responseTimeout: { value: 'never', setting: 'timeout' },
      honoursHint: false,
      retries: 'none',
    },
    write: {
      poolSize: (count) => [`session.mount('http://', requests.adapters.HTTPAdapter(pool_maxsize=${count}))`],
      noReuse: () => ["session.headers['Connection'] = 'close'"],
      retrySafely: () => [
        'from urllib3.util.retry import Retry',
        'for adapter in session.adapters.values():  # behind every mount()',
        '    adapter.max_retries = Retry(total=2, read=1)  # GET and the like, not POST',
      ],
    },
  },
} satisfies StackFacts;

/** Lines that make an `adapter` with these values; with a user timeout they need `socket`. */
export function toolbeltAdapter({ idleMs, intervalMs, count, userTimeoutMs }: SwitchValues): string[] {
  const timers = `idle=${wholeSeconds(idleMs)}, interval=${wholeSeconds(intervalMs)}, count=${count}`;
  return [
    'from requests_toolbelt.adapters.socket_options import TCPKeepAliveAdapter',
    ...(userTimeoutMs === 0
      ? [`adapter = TCPKeepAliveAdapter(${timers})`]
      : [
          `options = TCPKeepAliveAdapter.default_options + [(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, ${Math.round(userTimeoutMs)})]`,
          `adapter = TCPKeepAliveAdapter(${timers}, socket_options=options)`,
        ]),
  ];
}
