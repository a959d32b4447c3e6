import { formatDuration } from '../../../base/units.ts';
import { probePeriodMs, strictestMiddlebox } from '../../../keepalive/keepalive.ts';
import { proposeKeepalive } from '../../../keepalive/recommended-settings.ts';
import { setsockoptLines } from '../../../keepalive/remedy.ts';
import { forgets, labelOf } from '../../../keepalive/wording.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';
import { silenceMs } from '../../../sockets/keepalive-from-timer.ts';
import { connections, evidenceOf, rescueLines } from '../../../sockets/live-socket-group.ts';

export const rule: Rule<Facts> = {
  id: 'keepalive-later-than-middlebox',
  title: 'Connections in use now whose probes are further apart than the middlebox remembers',
  explain: '',
  judge: (facts) => {
    const { liveSockets, middleboxes, librarySwitches } = facts;
    const strictest = strictestMiddlebox(middleboxes);
    const late = (liveSockets ?? []).filter(({ risk }) => risk === 'late');
    if (strictest === null || late.length === 0) return [];
    const exact = late.flatMap(({ keepalive }) =>
      keepalive.source === 'getsockopt' ? [probePeriodMs(keepalive)] : [],
    );
    // Where only the timer is known: the silence before its next probe, which is what condemns it.
    const bounds = late.flatMap((socket) =>
      socket.keepalive.source === 'timer' ? [(silenceMs(socket) ?? 0) + (socket.nextProbeMs ?? 0)] : [],
    );
    const shortestMs = Math.min(...exact, ...bounds);
    const recommended = proposeKeepalive(facts);
    return [
      {
        severity: 'error',
        message:
          `${connections(late)} with TCP keepalive that comes too late: their probes go out after ` +
          `${formatDuration(shortestMs)} of silence or more, but ${forgets(strictest)}`,
        evidence: {
          ...evidenceOf(late),
          shortestPeriodMs: shortestMs,
          readFromSocket: exact.length,
          concludedFromTimer: bounds.length,
          middlebox: labelOf(strictest),
          middleboxIdleTimeoutMs: strictest.idleTimeoutMs,
        },
        remedy:
          recommended === null
            ? []
            : [
                ...rescueLines(late, recommended, facts),
                ...(librarySwitches.length > 0 ? librarySwitches : setsockoptLines(recommended)),
              ],
      },
    ];
  },
};
