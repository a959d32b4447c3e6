import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'gunicorn-sync-worker',
  title:
    'gunicorn that closes after a response is most often its sync worker, the default one, which never keeps a connection',
  explain: '',
  judge: ({ http }) => {
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
  },
};
