import { formatDuration } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { MeasureFacts } from '../facts.ts';

export const rule: Rule<MeasureFacts> = {
  id: 'keepalive-does-not-refresh',
  title: 'TCP keepalive does not refresh this path',
  explain: `**What it means.** Keepalive probes do not restart the idle timer of the box on this path. Switching keepalive on, or tuning it,
will not keep a connection alive here. It still finds a dead connection sooner.

**Why it happens.** Some boxes count payload only, since a probe carries none. AWS says so of its Classic Load Balancer.
A proxy that ends the connection answers probes itself and counts requests.

**How kaprobe knows.** Beside the silent connections one had keepalive on, with probes well within the timeout. It died with them.
One connection is little evidence: a path that loses many packets, or an outage at that time, could have ended it.

**What to do.** Let the application send data before the timeout: a heartbeat of the protocol, a query, a WebSocket ping.
Or close idle connections sooner than the box forgets them, and open new ones.

**Sources.** RFC 9293, section 3.8.4 (a probe carries no data, or one byte that was sent before). AWS, Classic Load Balancer,
"Configure the idle connection timeout".`,
  judge: (measured) => {
    const side = [measured, measured.farEndFirst].find(
      (each) => each?.endedBy === 'path' && each.keepaliveRefreshes === false,
    );
    if (side === undefined || side === null) return [];
    const { lowerMs, upperMs } = side.idleTimeout;
    if (lowerMs === null || upperMs === null) return [];
    return [
      {
        severity: 'error',
        message: `TCP keepalive does not refresh this path: a connection that sent probes all along died as well, within ${formatDuration(upperMs)}`,
        evidence: { lowerMs, upperMs, keepaliveRefreshes: false },
        remedy: [
          '# only data counts here: a request of the application at least every',
          `# ${formatDuration(lowerMs / 3)}`,
        ],
      },
    ];
  },
};
