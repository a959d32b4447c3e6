import { formatDuration } from '../../../base/units.ts';
import { isKnown } from '../../../knowledge/hop.ts';
import type { Rule } from '../../../report/finding.ts';
import type { ChainFacts } from '../facts.ts';
import { remedyAt, saidBy } from '../wording.ts';

export const rule: Rule<ChainFacts> = {
  id: 'proxy-gives-up-before-app',
  title: 'A sender stops waiting before the receiver stops working on the request',
  explain: `**What it means.** The sender gives up on a response that the receiver may still work on. The client gets an error, mostly a 504. The
receiver goes on, and its result goes to nobody.

**Why it happens.** The two timeouts are set in different places. nginx waits 60 s for a response or its next part
(\`proxy_read_timeout\`). The sync workers of gunicorn may work 30 s, until somebody raises \`timeout\`.

**How kaprobe knows.** It compares how long the sender waits with how long the receiver works, where both are known and finite. Of gunicorn's
workers only sync ends a request by \`timeout\`; the others use it to ask whether the worker lives. A sender whose timeout counts from the
last part of the response is fine while parts keep coming.

**What to do.** Let the sender wait longer than the receiver works, with the line of the remedy. Or lower the limit of the receiver: work
whose result nobody awaits helps nobody. A repeated request makes it worse, because the first one still runs.

**Sources.** RFC 9110, sections 9.2.2 and 15.6.5. ngx_http_proxy_module (proxy_read_timeout). gunicorn's settings (timeout).`,
  judge: (facts) => {
    if (facts.kind !== 'pair') return [];
    const { sender, receiver } = facts.pair;
    const { responseTimeoutMs } = sender.client;
    const { requestTimeoutMs } = receiver.server;
    if (!isKnown(responseTimeoutMs) || !isKnown(requestTimeoutMs)) return [];
    if (responseTimeoutMs.value === 'never' || requestTimeoutMs.value === 'never') return [];
    if (responseTimeoutMs.value >= requestTimeoutMs.value) return [];
    return [
      {
        severity: 'warning',
        message: `${sender.name} waits ${formatDuration(responseTimeoutMs.value)} for a response (${saidBy(responseTimeoutMs)}), but ${receiver.name} may work on it for ${formatDuration(requestTimeoutMs.value)} (${saidBy(requestTimeoutMs)}): the client gets an error while ${receiver.name} goes on for nobody`,
        evidence: {
          responseTimeoutMs: responseTimeoutMs.value,
          responseTimeoutSetBy: saidBy(responseTimeoutMs),
          requestTimeoutMs: requestTimeoutMs.value,
          requestTimeoutSetBy: saidBy(requestTimeoutMs),
        },
        remedy: remedyAt(facts, 'sender', responseTimeoutMs, {
          reason: `wait longer than ${receiver.name} works`,
          wanted: { set: 'response-timeout', ms: requestTimeoutMs.value + facts.marginMs },
        }),
      },
    ];
  },
};
