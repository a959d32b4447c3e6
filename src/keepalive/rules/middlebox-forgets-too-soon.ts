import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { labelOf, nameOf } from '../wording.ts';

/** Below this an idle timeout leaves TCP keepalive, which counts in whole seconds, too little room for lost probes (facts F6). */
const FLOOR_MS = 30_000;

export const rule: Rule<KeepaliveFacts> = {
  id: 'middlebox-forgets-too-soon',
  title: 'An idle timeout so short that keepalive is the wrong tool',
  explain: '',
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
