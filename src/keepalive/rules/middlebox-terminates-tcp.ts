import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { safetyMarginMs } from '../keepalive.ts';
import { labelOf, nameOf } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'middlebox-terminates-tcp',
  title: 'A proxy stands on the path: no keepalive probe reaches its idle timer',
  explain: `**What it means.** The proxy answers your probes itself. Its idle timer counts only data, so it closes a connection that is kept alive
by TCP alone. No keepalive setting changes that.

**Why it happens.** A proxy has one TCP connection to each side. Its timer belongs to the protocol above, such as HTTP. The kernel of
the proxy answers probes without the proxy's knowledge.

**How kaprobe knows.** The preset that you gave is documented to be such a box. kaprobe did not see it. For live connections this is a
warning, because an application heartbeat may be at work.

**What to do.** Send an application heartbeat more often than the timeout. Or let no pooled connection idle that long, or raise the
timeout.

**Sources.** \`kaprobe middleboxes ID\`. RFC 9293, section 3.8.4. RFC 9112, section 9.5 (HTTP idle timeouts).`,
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
