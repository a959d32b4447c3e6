import { type Stack, secondsDown, secondsUp, wholeSeconds } from '../stack.ts';

/** Its upstream side depends on the version and on an upstream block, so only a configuration tells. */
export const stack = {
  id: 'nginx',
  name: 'nginx',
  schemes: [],
  http: {
    role: 'proxy',
    source: {
      url: 'https://github.com/nginx/nginx/blob/3f6f7824d4e2eb1ac37dec76683d525ac0ff521c/src/http/ngx_http_core_module.c',
      note: null,
      confidence: 'verified-by-reading',
    },
    server: {
      idleClose: { value: 75_000, setting: 'keepalive_timeout' },
      maxRequests: { value: 1000, setting: 'keepalive_requests' },
      maxAge: { value: 3_600_000, setting: 'keepalive_time' },
      announcesClose: true,
      tcpKeepalive: null,
    },
    client: {
      retries: 'idempotent',
    },
    write: {
      idleClose: (ms) => [`keepalive_timeout ${secondsUp(ms)}s;`],
      keepOpen: () => ['keepalive_timeout 75s;'],
      poolRequests: (count) => [`keepalive_requests ${count};`],
      poolIdle: (ms) => [`keepalive_timeout ${secondsDown(ms)}s;`],
      poolSize: (count) => [`keepalive ${count}; # of each worker process: divide by their number`],
      noReuse: () => [
        '# without a keepalive line in the upstream block; from nginx 1.29.7 on it must say',
        'keepalive 0;',
      ],
      poolIdleOnceReusedMs: 60_000,
      reuse: () => [
        'upstream NAME {',
        '    server HOST:PORT;',
        '    keepalive 32;',
        '}',
        'location / {',
        '    proxy_pass http://NAME;',
        '    proxy_http_version 1.1;',
        '    proxy_set_header Connection "";',
        '}',
      ],
      responseTimeout: (ms) => [`proxy_read_timeout ${secondsUp(ms)}s;`],
      tcpKeepalive: ({ idleMs, intervalMs, count }) => [
        'proxy_socket_keepalive on;',
        `# it has no timers of its own: sysctl -w net.ipv4.tcp_keepalive_time=${wholeSeconds(idleMs)} net.ipv4.tcp_keepalive_intvl=${wholeSeconds(intervalMs)} net.ipv4.tcp_keepalive_probes=${count}`,
      ],
      tcpKeepaliveOnAccepted: ({ idleMs, intervalMs, count }) => [
        `listen PORT so_keepalive=${wholeSeconds(idleMs)}s:${wholeSeconds(intervalMs)}s:${count};`,
      ],
    },
  },
} satisfies Stack;
