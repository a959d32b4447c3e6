import { formatDuration } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'peer-closes-first',
  title: "Measured: the peer ends idle connections before the path does, so that the path's own timeout stays unknown",
  explain: '',
  judge: ({ measured }) => {
    if (measured === null || measured.endedBy !== 'peer') return [];
    const { idleTimeout, warmup } = measured;
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
                '# or give the target as an http, redis or postgres URL',
              ]
            : ['# measure against a port behind the same path whose server holds idle connections longer']),
          '# and let no pooled connection idle that long:',
          `# pool idle below ${formatDuration(upperMs)}`,
        ],
      },
    ];
  },
};
