/** The states of a TCP connection (RFC 9293, section 3.3.2) at the kernel's numbers (net/tcp_states.h). */
export const TCP_STATES = [
  'unknown',
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'closed',
  'close-wait',
  'last-ack',
  'listen',
  'closing',
  'new-syn-received',
  'bound-inactive',
] as const;

export type TcpState = (typeof TCP_STATES)[number];

/** States in which a connection is, or is being made or closed: all but those that only listen, wait or have ended. */
export const CONNECTION_STATES: readonly TcpState[] = [
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'close-wait',
  'last-ack',
  'closing',
];

/** The timers of a TCP connection at the kernel's numbers (idiag_timer, linux/inet_diag.h); null: none is running. */
export const TCP_TIMERS = [null, 'retransmit', 'keepalive', 'time-wait', 'window-probe'] as const;

export type TcpTimer = NonNullable<(typeof TCP_TIMERS)[number]>;
