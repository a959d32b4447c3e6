import { formatDuration } from '../../../base/units.ts';
import { recommendKeepalive } from '../../../keepalive/keepalive.ts';
import { setsockoptLines, sysctlLines } from '../../../keepalive/remedy.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';
import type { MeasureFacts, SideFacts } from '../facts.ts';

export const rule: Rule<MeasureFacts> = {
  id: 'path-idle-timeout',
  title: 'The path forgets idle connections',
  explain: `**What it means.** A connection without packets for this long is dead, though both programs still hold it open. What is sent then
is lost, or answered with a reset. A program that only waits will wait indefinitely.

**Why it happens.** A firewall, a NAT or a load balancer keeps state for each connection, and drops it after its idle timeout.
The defaults of products reach from one minute to days. Most boxes tell neither end.

**How kaprobe knows.** It left many connections idle, each for a different time, and probed each once without payload. The youngest dead and
the oldest living one are the bracket. A death counts only if other connections prove that the path itself works.
\`falseDeathProbability\` says how likely loss alone would have caused it. Several paths behind one address can blur the bracket.

**What to do.** Set the keepalive lines below: the first probe goes well before the timeout, with room for lost probes. Or close idle
connections of a pool sooner. The products listed have such a default: \`--locate\` helps to find which box it is.

**Sources.** RFC 5382, section 5 (NAT timeouts for TCP). tcp(7): TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT. \`kaprobe middleboxes\`.`,
  judge: (measured) => {
    const { direction, farEndFirst, librarySwitches } = measured;
    if (direction === 'server') return judged(measured, THEN_LOST, librarySwitches);
    if (farEndFirst === null) return judged(measured, thenOf(measured), librarySwitches);
    const lower = [measured, farEndFirst].find(({ endedBy }) => endedBy === 'path');
    return agree(measured, farEndFirst)
      ? judged(measured, `${thenOf(measured)}, whichever side it comes from`, librarySwitches)
      : [
          ...judged(measured, `${thenOf(measured)}, when it comes from this side`, librarySwitches),
          // The lines to paste once.
          ...judged(farEndFirst, THEN_LOST, librarySwitches).map((judgement) =>
            lower === farEndFirst ? judgement : { ...judgement, remedy: [] },
          ),
        ];
  },
};

const THEN_LOST = 'what the far end says first then does not arrive';

function thenOf({ idleTimeout: { outcome } }: SideFacts): string {
  const what = { stalled: 'drops what comes later in silence', reset: 'answers what comes later with a RST' };
  return outcome === 'stalled' || outcome === 'reset' ? what[outcome] : `ends them (${outcome})`;
}

/** Whether both sides were forgotten within brackets that meet. */
function agree(one: SideFacts, other: SideFacts): boolean {
  if (one.endedBy !== 'path' || other.endedBy !== 'path') return false;
  const [a, b] = [one.idleTimeout, other.idleTimeout];
  if (a.lowerMs === null || b.lowerMs === null || a.upperMs === null || b.upperMs === null) return false;
  return a.lowerMs <= b.upperMs && b.lowerMs <= a.upperMs;
}

function judged(side: SideFacts, then: string, librarySwitches: readonly string[]): Judgement[] {
  const { idleTimeout, endedBy, keepaliveRefreshes, matches, falseDeathProbability } = side;
  const { lowerMs, upperMs, outcome } = idleTimeout;
  if (endedBy !== 'path' || lowerMs === null || upperMs === null) return [];
  const recommended = keepaliveRefreshes === false ? null : recommendKeepalive(lowerMs);
  return [
    {
      severity: 'warning',
      message: `the path forgets connections that idle for more than ${formatDuration(lowerMs)}, at most ${formatDuration(upperMs)}, and ${then}`,
      evidence: {
        lowerMs,
        upperMs,
        outcome,
        keepaliveRefreshes,
        ...(matches.length === 0 ? {} : { candidates: matches.map(({ id }) => id) }),
        falseDeathProbability: falseDeathProbability === null ? null : falseDeathProbability.toExponential(1),
      },
      remedy:
        recommended === null
          ? [
              keepaliveRefreshes === false
                ? '# keepalive does not refresh this path; let the application send something:'
                : '# keepalive this tight would give up healthy connections within 10 s of',
              ...(keepaliveRefreshes === false ? [] : ['# trouble; let the application send something:']),
              `# heartbeat every ${formatDuration(lowerMs / 3)}`,
            ]
          : [
              ...(then === THEN_LOST ? ["# at this end, whose probes were tried; the far end's were not:"] : []),
              ...setsockoptLines(recommended),
              ...librarySwitches,
              ...sysctlLines(recommended),
            ],
    },
  ];
}
