import { formatDuration } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { MeasureFacts } from '../facts.ts';

export const rule: Rule<MeasureFacts> = {
  id: 'peer-closes-first',
  title: 'The peer ends idle connections before the path does',
  explain: `**What it means.** The far end closed the idle connections itself. The path held them for at least that long. Its own timeout
stays unknown, because no connection became older.

**Why it happens.** Servers limit how long a connection may be idle. Many wait only some seconds for the first request, and much
longer for the next. A load balancer in front of the server closes with a limit of its own.

**How kaprobe knows.** Connections opened at different times ended by themselves at the same age, with a FIN or RST. The connection with
keepalive ended with them: a timer that probes do not restart belongs to the peer. A box that closes both ends, and ignores
probes, looks the same.

**What to do.** Let every connection begin with a request: \`--warmup\`, or a URL with the scheme of the protocol. Or measure against a port
behind the same path whose server waits longer, such as SSH. Let pools give connections up before the peer closes them.

**Sources.** RFC 9112, section 9.5. The server's documentation of its idle timeout; \`kaprobe http\` measures that of HTTP.`,
  judge: ({ endedBy, idleTimeout, warmup }) => {
    if (endedBy !== 'peer') return [];
    const { lowerMs, upperMs, outcome } = idleTimeout;
    if (upperMs === null) return [];
    const how = outcome === 'reset' ? 'resets (RST)' : 'closes (FIN)';
    return [
      {
        severity: 'warning',
        message: `the peer ${how} idle connections at ${formatDuration(upperMs)}, so the path can only be said to hold at least that long`,
        evidence: { firstEndedAfterMs: lowerMs, lastEndedAfterMs: upperMs, outcome, warmup },
        remedy: [
          ...(warmup === null
            ? [
                '# most servers wait longer after a first request: name the protocol,',
                '--warmup http',
                '# or give the target as a URL whose scheme is the protocol',
              ]
            : ['# measure against a port behind the same path whose server holds idle connections longer']),
          '# and let no pooled connection idle that long:',
          `# pool idle below ${formatDuration(upperMs)}`,
        ],
      },
    ];
  },
};
