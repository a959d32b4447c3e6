import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { labelOf, nameOf } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'middlebox-refresh-unknown',
  title: 'It is not known whether keepalive probes refresh this middlebox',
  explain: `**What it means.** kaprobe judged your settings as if probes restarted the box's idle timer. If they do not, keepalive cannot keep the
connection.

**Why it happens.** Most boxes that forward packets count a keepalive probe like any segment. Some count only payload. The vendor's
documents for this one do not say.

**How kaprobe knows.** The preset has no statement about it, and kaprobe did not see the box.

**What to do.** Try it: \`kaprobe check TARGET --survive\`, for longer than the box's timeout, idles one connection with keepalive beside
a silent one. If both die, send an application heartbeat.

**Sources.** \`kaprobe middleboxes ID\` names what was read about the box. RFC 9293, section 3.8.4 (a probe may carry no data).`,
  judge: ({ middleboxes, settings }) =>
    middleboxes
      .filter(({ keepaliveRefreshes }) => keepaliveRefreshes === null && settings?.keepalive.enabled === true)
      .map((middlebox) => ({
        severity: 'warning',
        message: `it is not known whether keepalive probes restart the idle timer of ${nameOf(middlebox)}; the judgement assumes that they do`,
        evidence: {
          middlebox: labelOf(middlebox),
          middleboxIdleTimeoutMs: middlebox.idleTimeoutMs,
          source: middlebox.kind === 'preset' ? middlebox.source : null,
        },
        remedy: [],
      })),
};
