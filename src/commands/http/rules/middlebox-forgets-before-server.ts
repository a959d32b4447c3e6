import { formatDuration } from '../../../base/units.ts';
import { forgets, labelOf } from '../../../keepalive/wording.ts';
import type { Rule } from '../../../report/finding.ts';
import type { HttpFacts } from '../facts.ts';
import { senderLines } from '../http-limits.ts';

export const rule: Rule<HttpFacts> = {
  id: 'middlebox-forgets-before-server',
  title: 'A box on the path forgets the connection while both ends keep it',
  explain: `**What it means.** The idle timeout of the box is shorter than the time for which the server keeps connections.
A client that reuses a connection in between sends into nothing, and waits for an answer in vain.

**Why it happens.** A firewall, NAT or load balancer keeps state for each connection and drops it after a silence.
It tells neither end. The server would have closed later, with a FIN that the client sees.

**How kaprobe knows.** You named the box with \`--middlebox\` or \`--middlebox-timeout\`, and kaprobe measured how long the server keeps
idle connections. It did not see the box itself: a preset is the vendor's default, which your administrator may have changed.

**What to do.** Let the client, or the pool of the proxy, give idle connections up before the box forgets. Or let TCP keepalive
refresh the box: \`kaprobe check --middlebox\` judges the settings. \`kaprobe measure\` finds the real timeout.

**Sources.** \`kaprobe middleboxes\` names the source of each preset. RFC 5382, section 5 (NAT timeouts). RFC 9112, section 9.5.`,
  rank: 2,
  judge: ({ idleClose, middleboxes }) => {
    const closeMs = idleClose?.lowerMs ?? null;
    const outcome = idleClose?.outcome;
    if (closeMs === null || !(outcome === 'closed' || outcome === 'reset' || outcome === 'alive')) return [];
    return middleboxes
      .filter(({ idleTimeoutMs }) => idleTimeoutMs < closeMs)
      .map((middlebox) => ({
        severity: 'warning',
        message:
          `${forgets(middlebox)}, while the server holds it for ${outcome === 'alive' ? 'at least ' : ''}${formatDuration(closeMs)}: ` +
          'a client that reuses it in between waits for an answer in vain',
        evidence: {
          middlebox: labelOf(middlebox),
          middleboxIdleTimeoutMs: middlebox.idleTimeoutMs,
          firstClosedAfterMs: outcome === 'alive' ? null : closeMs,
        },
        remedy: [
          ...senderLines(middlebox.idleTimeoutMs),
          ...(middlebox.keepaliveRefreshes === false
            ? []
            : ['# or let TCP keepalive refresh the box: see kaprobe check --middlebox']),
        ],
      }));
  },
};
