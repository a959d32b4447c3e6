import type { Rule } from '../facts.ts';

/** gunicorn that closes after a response is most often its sync worker, the default one, which never keeps a connection. */
export const gunicornSyncWorker: Rule = ({ http }) => {
  if (http === null || http.persistent.value !== false || http.persistent.why !== 'connection-close') return [];
  if (!/^gunicorn\b/i.test(http.server ?? '')) return [];
  return [
    {
      severity: 'info',
      message:
        'a sync worker is suspected: it is what gunicorn uses unless told otherwise, and it never keeps a connection; ' +
        'keepalive = 0 looks the same from here',
      evidence: { server: http.server, reason: http.persistent.why },
      remedy: ['# gunicorn.conf.py', 'worker_class = "gthread"', 'threads = 4', 'keepalive = 75'],
    },
  ];
};
