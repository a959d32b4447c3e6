import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { safetyMarginMs } from '../keepalive.ts';
import { labelOf, nameOf } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'middlebox-terminates-tcp',
  title:
    'A proxy answers keepalive probes itself and counts only data: no keepalive reaches its idle timer (facts F6 and F7)',
  explain: '',
  judge: ({ settings, liveConnections, middleboxes }) => {
    // Live connections may well have a heartbeat.
    const severity = settings !== null ? 'error' : liveConnections ? 'warning' : null;
    if (severity === null) return [];
    return middleboxes
      .filter(({ keepaliveRefreshes }) => keepaliveRefreshes === false)
      .map((middlebox) => {
        const { idleTimeoutMs } = middlebox;
        const configurableWith = middlebox.kind === 'preset' ? middlebox.configurableWith : null;
        const poolIdleMs = idleTimeoutMs - safetyMarginMs(idleTimeoutMs);
        return {
          severity,
          message:
            `TCP keepalive cannot help at ${nameOf(middlebox)}: its idle timer of ${formatDuration(idleTimeoutMs)} counts data only. ` +
            `Send an application heartbeat more often than that, or let no pooled connection idle longer than ${formatDuration(poolIdleMs)}`,
          evidence: {
            middlebox: labelOf(middlebox),
            middleboxIdleTimeoutMs: idleTimeoutMs,
            poolIdleMs,
            keepaliveRefreshes: false,
            ...(middlebox.kind === 'preset' ? { confidence: middlebox.confidence } : {}),
          },
          remedy: configurableWith === null ? [] : ['# or raise its timeout:', configurableWith],
        };
      });
  },
};
