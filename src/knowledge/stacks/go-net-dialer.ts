import { type Stack, wholeSeconds } from '../stack.ts';

/** net.KeepAliveConfig came with Go 1.23; without it Go probes every 15 s (src/net/dial.go). */
export const stack = {
  id: 'go-net-dialer',
  name: 'Go 1.23 and later, net.Dialer',
  schemes: ['tcp', 'tls'],
  rank: 10,
  switchOn({ idleMs, intervalMs, count }) {
    return [
      'dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{',
      '    Enable:   true,',
      `    Idle:     ${wholeSeconds(idleMs)} * time.Second,`,
      `    Interval: ${wholeSeconds(intervalMs)} * time.Second,`,
      `    Count:    ${count},`,
      '}}',
      'conn, err := dialer.Dial("tcp", "HOST:PORT")',
    ];
  },
} satisfies Stack;
