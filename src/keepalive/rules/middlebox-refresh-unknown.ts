import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { labelOf, nameOf } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'middlebox-refresh-unknown',
  title: "The facts do not say whether keepalive segments restart this box's idle timer",
  explain: '',
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
