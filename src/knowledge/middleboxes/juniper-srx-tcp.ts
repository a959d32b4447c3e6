import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'juniper-srx-tcp',
  name: 'Junos SRX flow session, TCP default',
  vendor: 'Juniper',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 1_800_000,
  rangeMs: null,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith:
    'set applications application <name> inactivity-timeout <seconds|never>, referenced from the policy; inspect with: show security flow session (Timeout column counts down)',
  source: {
    url: 'https://www.juniper.net/documentation/us/en/software/junos/flow-packet-processing/topics/topic-map/security-flow-based-session-for-srx-series-devices.html',
    note: 'TCP sessions get 1800 s (UDP 60 s) unless an application entry overrides it; an aged session is simply freed. rst-invalidate-session only changes what SRX does when it SEES a RST, it does not make SRX emit one.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
