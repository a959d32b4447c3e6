import { GO_KEEPALIVE, type StackFacts, type SwitchValues, wholeSeconds } from '../stack.ts';

/** net.KeepAliveConfig came with Go 1.23; before, one period was silence and interval (src/net/dial.go). */
export const stack = {
  name: 'Go 1.23 and later, net.Dialer',
  schemes: ['tcp', 'tls'],
  rank: 10,
  source: 'https://github.com/golang/go/blob/ede79af08d4308a88ca46def9e71498b30f9928c/src/net/dial.go',
  keepalive: GO_KEEPALIVE,
  switchOn: (values) => [...goDialer(values), 'conn, err := dialer.Dial("tcp", "HOST:PORT")'],
} satisfies StackFacts;

/** Lines that make a `dialer` with these values. */
export function goDialer({ idleMs, intervalMs, count }: SwitchValues): string[] {
  return [
    'dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{',
    '    Enable:   true,',
    `    Idle:     ${wholeSeconds(idleMs)} * time.Second,`,
    `    Interval: ${wholeSeconds(intervalMs)} * time.Second,`,
    `    Count:    ${count},`,
    '}}',
  ];
}
