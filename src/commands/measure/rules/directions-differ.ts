import { formatDuration } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { MeasureFacts, SideFacts } from '../facts.ts';

export const rule: Rule<MeasureFacts> = {
  id: 'directions-differ',
  title: 'After some silence only one side still gets through',
  explain: `**What it means.** The path forgot the connection, but it treats the two directions differently. Packets of one side still arrive.
The other side sends into nothing. A program may work as long as it speaks first, and hang as soon as it waits for the other.

**Why it happens.** Some boxes learn a forgotten connection again when a packet comes from the inside, and drop one from the outside.
Linux conntrack does so unless \`nf_conntrack_tcp_loose\` is 0. Cloud firewalls reopen state for outbound packets only.

**How kaprobe knows.** With \`--direction both\` half of the connections are tested by probes of this host. On the others kaprobe serve
speaks first after the silence. One half lived at ages at which the other half was dead. Two different paths, as with several load
balancers, can look alike: measure again.

**What to do.** Let the side that still gets through send something before the timeout: keepalive if it refreshes the path, or a
heartbeat. The side that waits needs a read timeout.

**Sources.** Linux, Documentation/networking/nf_conntrack-sysctl.rst: nf_conntrack_tcp_loose. \`kaprobe middleboxes\`.`,
  rank: 1,
  judge: (measured) => {
    const { farEndFirst } = measured;
    if (farEndFirst === null) return [];
    const farEndIsLost = outlives(measured, farEndFirst);
    if (!farEndIsLost && !outlives(farEndFirst, measured)) return [];
    const [lost, holds] = farEndIsLost ? [farEndFirst, measured] : [measured, farEndFirst];
    const afterMs = lost.idleTimeout.upperMs ?? 0;
    const [who, whom] = farEndIsLost ? ['the far end', 'this side'] : ['this side', 'the far end'];
    return [
      {
        severity: 'warning',
        message: `after ${formatDuration(afterMs)} of silence ${who} no longer reaches ${whom}, which still reaches it: something on the path learns forgotten connections again from one side only`,
        evidence: {
          lostFromMs: afterMs,
          otherSideAliveUpToMs: holds.idleTimeout.lowerMs,
          thisSideFirst: bracketOf(measured),
          farEndFirst: bracketOf(farEndFirst),
        },
        remedy: farEndIsLost
          ? [
              '# who waits for the far end to speak waits in vain: let this side send something before that,',
              '# keepalive where it refreshes the path, or a heartbeat',
            ]
          : ['# let the far end send something before that: keepalive where it refreshes the path, or a heartbeat'],
      },
    ];
  },
};

/** Whether connections on which the one side speaks first live at ages at which all others are dead. */
function outlives(one: SideFacts, other: SideFacts): boolean {
  const { upperMs } = other.idleTimeout;
  const { lowerMs } = one.idleTimeout;
  return (
    other.endedBy === 'path' && one.endedBy !== 'peer' && upperMs !== null && lowerMs !== null && lowerMs > upperMs
  );
}

function bracketOf({ idleTimeout: { lowerMs, upperMs } }: SideFacts): string {
  if (lowerMs === null) return 'not measured';
  return upperMs === null
    ? `none up to ${formatDuration(lowerMs)}`
    : `${formatDuration(lowerMs)} to ${formatDuration(upperMs)}`;
}
