import { stack as gunicorn } from '../../../knowledge/stacks/gunicorn.ts';
import type { Rule } from '../../../report/finding.ts';
import type { HttpFacts } from '../facts.ts';

export const rule: Rule<HttpFacts> = {
  id: 'gunicorn-sync-worker',
  title: 'gunicorn most likely runs its sync worker, which keeps no connection',
  explain: `**What it means.** gunicorn answers and then closes the connection. Every request pays for a new TCP handshake, and for a
TLS handshake where there is one. A proxy in front of it cannot reuse connections either.

**Why it happens.** \`sync\` is gunicorn's default worker class. It serves one connection at a time and never keeps one,
whatever \`keepalive\` says. The classes gthread, gevent and asgi keep idle connections, for 2 s by default.

**How kaprobe knows.** The header Server names gunicorn and the response says \`Connection: close\`. That is a suspicion only:
\`keepalive = 0\` with another worker class looks the same, and so does an application that sets the header itself.

**What to do.** Choose a worker class that keeps connections, and raise \`keepalive\` above the idle limit of every proxy or client.
Run kaprobe again. If nothing sends many requests, a connection for each request may be fine.

**Sources.** RFC 9112, section 9.3 (persistence). gunicorn, "Settings": worker_class, keepalive; "Design": sync workers.`,
  judge: ({ persistent, server }) => {
    if (persistent.value !== false || persistent.why !== 'connection-close') return [];
    if (!gunicorn.http.serverHeader.test(server ?? '')) return [];
    return [
      {
        severity: 'info',
        message:
          'a sync worker is suspected: it is what gunicorn uses unless told otherwise, and it never keeps a connection; ' +
          'keepalive = 0 looks the same from here',
        evidence: { server, reason: persistent.why },
        remedy: ['# gunicorn.conf.py', ...gunicorn.http.write.keepOpen('file')],
      },
    ];
  },
};
