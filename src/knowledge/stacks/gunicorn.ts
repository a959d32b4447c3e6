import { type Stack, secondsUp } from '../stack.ts';

/** 2 s hold for its threaded and asynchronous workers; sync, the default, closes after each response. */
export const stack = {
  id: 'gunicorn',
  name: 'gunicorn',
  schemes: [],
  http: {
    role: 'app',
    source: {
      url: 'https://pypi.org/project/gunicorn/26.2.0/',
      note: 'gunicorn/config.py of 26.2.0',
      confidence: 'verified-by-reading',
    },
    server: {
      idleClose: { value: 2000, setting: 'keepalive' },
      tcpKeepalive: null,
    },
    write: {
      idleClose: (ms, place) => [place === 'file' ? `keepalive = ${secondsUp(ms)}` : `--keep-alive ${secondsUp(ms)}`],
      capacity: (count, place) => [
        '# of each worker process: divide by their number',
        place === 'file' ? `worker_connections = ${count}` : `--worker-connections ${count}`,
      ],
      keepOpen: (place) =>
        place === 'file' ? ["worker_class = 'gthread'", 'threads = 8'] : ['-k gthread --threads 8'],
    },
  },
} satisfies Stack;
