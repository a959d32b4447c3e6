import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { labelOf, nameOf } from '../wording.ts';

/** Below this an idle timeout leaves TCP keepalive, which counts in whole seconds, too little room for lost probes. */
const FLOOR_MS = 30_000;

export const rule: Rule<KeepaliveFacts> = {
  id: 'middlebox-forgets-too-soon',
  title: "The middlebox's idle timeout is too short for TCP keepalive",
  explain: `**What it means.** The box forgets an idle connection in less than 30 s. Keepalive counts in whole seconds and would probe every few
seconds. Hardly any lost probe could be made up for.

**Why it happens.** Some proxies and hardened firewalls use such timeouts on purpose, to free their tables.

**How kaprobe knows.** The timeout is what you gave, or a preset's default. The limit of 30 s is kaprobe's choice. Down to 18 s it still
recommends values. Below that, none leaves room for two lost probes and for a short interruption.

**What to do.** Send an application heartbeat, close idle connections sooner than the box does, or raise its timeout.

**Sources.** tcp(7) (whole seconds). \`kaprobe middleboxes ID\` for the box and how it is configured.`,
  judge: ({ settings, strictest }) => {
    if (settings === null || strictest === null || strictest.idleTimeoutMs >= FLOOR_MS) return [];
    const configurableWith = strictest.kind === 'preset' ? strictest.configurableWith : null;
    return [
      {
        severity: 'warning',
        message:
          `${nameOf(strictest)} forgets after only ${formatDuration(strictest.idleTimeoutMs)}: TCP keepalive would have to probe every few seconds and could lose ` +
          'hardly any. Send an application heartbeat, close idle connections sooner, or raise that timeout',
        evidence: { middlebox: labelOf(strictest), middleboxIdleTimeoutMs: strictest.idleTimeoutMs, floorMs: FLOOR_MS },
        remedy: configurableWith === null ? [] : ['# raise its timeout:', configurableWith],
      },
    ];
  },
};
