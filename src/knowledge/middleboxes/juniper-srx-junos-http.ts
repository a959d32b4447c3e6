import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'juniper-srx-junos-http',
  name: 'Junos SRX predefined junos-http application',
  vendor: 'Juniper',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 300_000,
  rangeMs: null,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith:
    'define a custom application for the port with its own inactivity-timeout and match that in the policy',
  source: {
    url: 'https://www.juniper.net/documentation/en_US/release-independent/downloads/juniper-library-junos103.zip',
    note: 'Junos 10.3 CLI reference (rst-invalidate-session page) lists TCP 30 min but HTTP 5 min and UDP 1 min as normal session timeouts, so a policy matching junos-http ages six times faster than generic TCP.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
