import { formatDuration } from '../../units.ts';
import type { Rule } from '../facts.ts';
import { strictestMiddlebox } from '../keepalive.ts';
import { nameOf } from '../wording.ts';

/** Below this an idle timeout leaves TCP keepalive, which counts in whole seconds, too little room for lost probes (facts F6). */
const FLOOR_MS = 30_000;

/** An idle timeout so short that keepalive is the wrong tool. */
export const middleboxForgetsTooSoon: Rule = ({ settings, middleboxes }) => {
  const strictest = strictestMiddlebox(middleboxes);
  if (settings === null || strictest === null || strictest.idleTimeoutMs >= FLOOR_MS) return [];
  return [
    {
      severity: 'warning',
      message:
        `${nameOf(strictest)} forgets after only ${formatDuration(strictest.idleTimeoutMs)}: TCP keepalive would have to probe every few seconds and could lose ` +
        'hardly any. Send an application heartbeat, close idle connections sooner, or raise that timeout',
      evidence: { middlebox: strictest.id, middleboxIdleTimeoutMs: strictest.idleTimeoutMs, floorMs: FLOOR_MS },
      remedy: strictest.configurableWith === null ? [] : ['# raise its timeout:', strictest.configurableWith],
    },
  ];
};
