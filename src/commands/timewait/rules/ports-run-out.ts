import { formatDuration, plural } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';

/** A fifth of the ports left is little: then a burst takes the rest. */
const FEW = 0.2;

export const rule: Rule<Facts> = {
  id: 'ports-run-out',
  title:
    'No port is left for new connections to one service, or soon none will be: connect(2) then fails with EADDRNOTAVAIL',
  explain: '',
  judge: ({ timeWaitFlow: flow }) => {
    if (flow === null || flow.ports === null) return [];
    const { usable, busy, waiting, left, blockedForMs, runsOutInMs } = flow.ports;
    if (runsOutInMs === null && left >= FEW * usable) return [];
    const judgement = (severity: 'error' | 'warning', when: string): Judgement[] => [
      {
        severity,
        message:
          `${left === 0 ? 'no port is' : `${plural(left, 'port')} ${left === 1 ? 'is' : 'are'}`} left of the ${usable} that connections from ${flow.client} to ` +
          `${flow.service} can have: ${busy} in use, ${waiting} blocked by TIME_WAIT${when}; without one connect() fails with EADDRNOTAVAIL`,
        evidence: {
          portsLeft: left,
          portsUsable: usable,
          portsBusy: busy,
          portsInTimeWait: waiting,
          closedPerSecond: flow.closes.recentPerSecond,
          blockedForMs,
          runsOutInMs,
        },
        remedy: [
          '# fewer new connections help most: keep them open and use them again',
          ...(flow.twReuse === 1
            ? []
            : [
                '# ports come free after 1 s instead of 60, where both ends use timestamps:',
                'sysctl -w net.ipv4.tcp_tw_reuse=1',
              ]),
          '# more ports; not those that services of this host listen on:',
          'sysctl -w net.ipv4.ip_local_port_range="10240 65535"',
        ],
      },
    ];
    if (runsOutInMs === null) return judgement('warning', '');
    return judgement(
      'error',
      left === 0 ? '' : `; at the present rate the last one is gone in ${formatDuration(runsOutInMs)}`,
    );
  },
};
