import { type StackFacts, secondsUp } from '../stack.ts';

/** What its settings are unless they are set (config.py); times in seconds. */
export const GUNICORN_DEFAULTS = {
  keepalive: 2,
  workers: 1,
  threads: 1,
  worker_connections: 1000,
  max_requests: 0,
  max_requests_jitter: 0,
  timeout: 30,
  graceful_timeout: 30,
} as const;

/**
 * 2 s hold for its threaded and asynchronous workers; sync, the default, closes after each response. Its documentation asks for 2 to 4
 * threads a core, and for a longer keepalive behind a load balancer: 75 s outlast the 60 s of nginx and of an ALB.
 */
export const stack = {
  name: 'gunicorn',
  source: 'https://pypi.org/project/gunicorn/26.2.0/',
  note: 'gunicorn/config.py and workers/ of 26.2.0; the settings about connections are the same since 20',
  keepalive: null,
  http: {
    serverHeader: /^gunicorn\b/i,
    where: 'gunicorn.conf.py, with a worker class other than sync',
    server: { idleClose: { value: GUNICORN_DEFAULTS.keepalive * 1000, setting: 'keepalive' } },
    write: {
      idleClose: (ms, place) => [place === 'file' ? `keepalive = ${secondsUp(ms)}` : `--keep-alive ${secondsUp(ms)}`],
      capacity: (count, place) => [
        '# of each worker process: divide by their number',
        place === 'file' ? `worker_connections = ${count}` : `--worker-connections ${count}`,
      ],
      keepOpen: (place) =>
        place === 'file'
          ? ["worker_class = 'gthread'", 'threads = 8', 'keepalive = 75']
          : ['-k gthread --threads 8 --keep-alive 75'],
    },
  },
} satisfies StackFacts;
