import type { Rule } from '../../../report/finding.ts';
import type { SocketsFacts } from '../facts.ts';
import { connections, evidenceOf } from '../socket-group.ts';

export const rule: Rule<SocketsFacts> = {
  id: 'held-by-forked-child',
  title: 'Several processes hold the same connection',
  explain: `**What it means.** One socket has descriptors in more than one process. When one of them closes it, the peer gets no FIN. The connection
ends when the last holder closes it, or when one calls shutdown(2).

**Why it happens.** fork(2) copies all descriptors to the child. Servers that fork after they connected, and programs that start others
without close-on-exec, leave such copies behind.

**How kaprobe knows.** The links in /proc of these processes name the same socket. That is certain, and often intended: a server shares
its connections with a helper. Hence this is information only. Listening sockets, which workers share on purpose, are left out.

**What to do.** Nothing, if sharing is meant. Else connect after the fork, or set SOCK_CLOEXEC, and close the copy in the child.

**Sources.** fork(2). close(2). socket(2), SOCK_CLOEXEC. shutdown(2).`,
  rank: 2,
  judge: ({ liveSockets }) => {
    const shared = liveSockets.filter(
      ({ state, owners: [first, ...others] }) => state !== 'listen' && others.some(({ pid }) => pid !== first?.pid),
    );
    if (shared.length === 0) return [];
    return [
      {
        severity: 'info',
        message: `${connections(shared)} held by more than one process: when one of them closes it, the far end is not told; the FIN goes with the last`,
        evidence: evidenceOf(shared),
        remedy: [],
      },
    ];
  },
};
