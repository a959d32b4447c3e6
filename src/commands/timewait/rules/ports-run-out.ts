import { formatDuration, plural } from '../../../base/units.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';
import type { TimeWaitFacts } from '../facts.ts';

/** A fifth of the ports left is little: then a burst takes the rest. */
const FEW = 0.2;

export const rule: Rule<TimeWaitFacts> = {
  id: 'ports-run-out',
  title: 'The ports for new connections to one service run out',
  explain: `**What it means.** A connection needs a local port that no other connection to the same address and port has. When none is left,
connect() fails with EADDRNOTAVAIL. Programs report it as "cannot assign requested address".

**Why it happens.** Linux offers the ports of ip_local_port_range, 28232 by default. Each connection that this host closes blocks its port
for the 60 s of TIME_WAIT. More than about 470 closes a second to one destination use up all of them.

**How kaprobe knows.** It counts the ports of the range, less the reserved ones. It subtracts those in use, those that this host listens
on, and those in TIME_WAIT. Where tcp_tw_reuse applies, a port counts as blocked for tcp_tw_reuse_delay only; that holds only if
the far end sends timestamps too, which kaprobe cannot see. Less than a fifth left is a warning. It is an error if the rate of the last
10 s would use up the rest before enough ports come free. A program that binds its ports itself may use others.

**What to do.** Keep connections open and reuse them: that removes the cause. Until then set tcp_tw_reuse to 1 on the host that connects, or
widen ip_local_port_range past the ports of your own services.

**Sources.** ip-sysctl.rst of Linux (ip_local_port_range, tcp_tw_reuse, tcp_tw_reuse_delay). connect(2), EADDRNOTAVAIL. Linux
net/ipv4/inet_hashtables.c (__inet_hash_connect) and net/ipv4/tcp_ipv4.c (tcp_twsk_unique).`,
  judge: ({ flow }) => {
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
