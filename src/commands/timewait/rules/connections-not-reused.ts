import { formatDuration, plural } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { TimeWaitFacts } from '../facts.ts';
import type { FlowWatch } from '../report.ts';
import { notToSet, reuseLines } from '../reuse-remedy.ts';

export const rule: Rule<TimeWaitFacts> = {
  id: 'connections-not-reused',
  title: 'Connections are not reused: each request seems to get one of its own',
  explain: `**What it means.** Connection after connection is made between the same two hosts, and closed soon after. Each costs a handshake,
with TLS a second one. Each blocks a port of the client for as long as its TIME_WAIT lasts.

**Why it happens.** Both ends must want to keep a connection. A program that makes a new session or client for each request has no pool.
nginx before 1.29.7 speaks HTTP/1.0 to its upstreams unless you configure a pool. The sync workers of gunicorn close after every
response.

**How kaprobe knows.** Whoever closes first is left with TIME_WAIT, and its timer says when that was. The rule wants at least 30 closes
within 60 s, 0.5 a second or more, and a mean life of 10 s at most. The mean life is the established connections over the closing
rate (Little's law). It is an upper bound: closes by the other side leave nothing here. A program that means to open many short
connections looks the same. \`--watch 10s\` adds how many were opened and how many of those kept carried data; if none was opened
meanwhile, kaprobe reports nothing.

**What to do.** Switch HTTP keep-alive on at both ends, with the lines of the remedy. Let the client give up idle connections before the
server does, or it meets resets. Leave tcp_tw_recycle and tcp_fin_timeout alone: neither shortens TIME_WAIT safely.

**Sources.** RFC 9293, section 3.6. RFC 9112, section 9.3. ip-sysctl.rst of Linux (tcp_tw_reuse). ngx_http_upstream_module (keepalive).
gunicorn's settings (keepalive, worker_class).`,
  rank: 1,
  judge: ({ flow }) => {
    if (flow === null || flow.isOtherEnd) return [];
    const { closes, established, timeWait, meanLifeAtMostMs, watch, thresholds, side } = flow;
    const { minConnections, minPerSecond, maxMeanLifeMs } = thresholds;
    const isBusy = closes.closed >= minConnections && closes.perSecond >= minPerSecond;
    const isShort = meanLifeAtMostMs !== null && meanLifeAtMostMs <= maxMeanLifeMs;
    const isOver = watch !== null && watch.opened === 0;
    if (!isBusy || !isShort || isOver) return [];
    return [
      {
        severity: 'warning',
        message:
          `each request seems to get a connection of its own: ${closes.isLowerBound ? 'at least ' : ''}${plural(closes.closed, 'connection')} ` +
          `${closes.closed === 1 ? 'was' : 'were'} closed by this side, the ${side}, within ${formatDuration(closes.windowMs)}, each on another port, and ${established} ` +
          `${established === 1 ? 'is' : 'are'} established: on average one lives ${formatDuration(meanLifeAtMostMs)} at most${described(watch)}`,
        evidence: {
          timeWait,
          established,
          closedPerSecond: closes.perSecond,
          meanLifeAtMostMs,
          ...(watch === null ? {} : { openedWhileWatched: watch.opened, keptAndUsed: watch.keptUsed }),
          from: `${minConnections} closed and a mean life of ${formatDuration(maxMeanLifeMs)} at most`,
        },
        remedy: [...reuseLines(flow), ...notToSet],
      },
    ];
  },
};

function described(watch: FlowWatch | null): string {
  if (watch === null) return '';
  return `; while watched, ${watch.opened} were opened, and ${watch.keptUsed ?? 'an unknown number'} of the ${watch.kept} that stayed were used`;
}
