import { sysctlLine } from '../../keepalive/remedy.ts';
import { type StackFacts, secondsDown, secondsUp, wholeSeconds } from '../stack.ts';

/** What holds where a configuration says nothing (ngx_http_core_module.c, ngx_http_upstream_keepalive_module.c, ngx_http_proxy_module.c). */
export const NGINX_DEFAULTS = {
  keepaliveTimeoutMs: 75_000,
  /** Since 1.19.10. */
  keepaliveRequests: 1000,
  keepaliveTimeMs: 3_600_000,
  upstreamKeepaliveTimeoutMs: 60_000,
  proxyReadTimeoutMs: 60_000,
} as const;

/** Keeps connections, in an upstream block. Since 1.29.7 that is the default there. */
export const nginxPool = 'keepalive 32;';
export const nginxHttp11 = 'proxy_http_version 1.1;';
export const nginxClearConnection = 'proxy_set_header Connection "";';
/** What a location needs beside it, before 1.29.7. */
export const nginxReuse = [nginxHttp11, nginxClearConnection];

/** Its upstream side depends on the version and on an upstream block, so only a configuration tells. */
export const stack = {
  name: 'nginx',
  processes: ['nginx'],
  source:
    'https://github.com/nginx/nginx/blob/3f6f7824d4e2eb1ac37dec76683d525ac0ff521c/src/http/ngx_http_core_module.c',
  keepalive: null,
  http: {
    serverHeader: /^(nginx|openresty)/i,
    where: 'nginx.conf, in http, server or location',
    server: {
      idleClose: { value: NGINX_DEFAULTS.keepaliveTimeoutMs, setting: 'keepalive_timeout' },
      maxRequests: { value: NGINX_DEFAULTS.keepaliveRequests, setting: 'keepalive_requests' },
      maxAge: { value: NGINX_DEFAULTS.keepaliveTimeMs, setting: 'keepalive_time' },
      announcesClose: true,
    },
    client: { retries: 'idempotent' },
    write: {
      idleClose: (ms) => [`keepalive_timeout ${secondsUp(ms)}s;`],
      promise: (closeMs, hintMs) => [
        '# the second value is the promise:',
        `keepalive_timeout ${secondsDown(closeMs)}s ${secondsDown(hintMs)}s;`,
      ],
      keepOpen: () => ['keepalive_timeout 75s;'],
      poolRequests: (count) => [`keepalive_requests ${count};`],
      poolIdle: (ms) => [`keepalive_timeout ${secondsDown(ms)}s;`],
      poolSize: (count) => [`keepalive ${count}; # of each worker process: divide by their number`],
      noReuse: () => [
        '# without a keepalive line in the upstream block; from nginx 1.29.7 on it must say',
        'keepalive 0;',
      ],
      poolIdleOnceReusedMs: NGINX_DEFAULTS.upstreamKeepaliveTimeoutMs,
      reuse: () => [
        'upstream NAME {',
        '    server HOST:PORT;',
        `    ${nginxPool}`,
        '}',
        'location / {',
        '    proxy_pass http://NAME;',
        ...nginxReuse.map((line) => `    ${line}`),
        '}',
      ],
      responseTimeout: (ms) => [`proxy_read_timeout ${secondsUp(ms)}s;`],
      tcpKeepalive: (values) => ['proxy_socket_keepalive on;', `# it has no timers of its own: ${sysctlLine(values)}`],
      tcpKeepaliveOnAccepted: ({ idleMs, intervalMs, count }) => [
        `listen PORT so_keepalive=${wholeSeconds(idleMs)}s:${wholeSeconds(intervalMs)}s:${count};`,
      ],
    },
  },
} satisfies StackFacts;
