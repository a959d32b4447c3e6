import type { Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';

export const rule: Rule<CheckFacts> = {
  id: 'keepalive-settings-refused',
  title: 'The kernel would not take a setting; the socket keeps what it had (tcp(7): maxima 32767 s, 32767 s and 127)',
  explain: '',
  judge: ({ refused, settings }) =>
    refused.map(({ option, requested, unit, errno }) => ({
      severity: 'error',
      message: `the kernel refused ${option} = ${requested} ${unit} (${errno}); the socket keeps the value that it had`,
      evidence: {
        option,
        requested,
        unit,
        errno,
        ...(settings === null
          ? {}
          : {
              effectiveIdleMs: settings.keepalive.idleMs,
              effectiveIntervalMs: settings.keepalive.intervalMs,
              effectiveCount: settings.keepalive.count,
            }),
      },
      remedy: [
        '# the kernel takes TCP_KEEPIDLE and TCP_KEEPINTVL from 1 to 32767 seconds and TCP_KEEPCNT from 1 to 127',
      ],
    })),
};
