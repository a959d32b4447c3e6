import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'fortinet-fortiadc',
  name: 'FortiADC firewall conntrack',
  vendor: 'Fortinet',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 3_600_000,
  rangeMs: [1000, 86_400_000],
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'config firewall global / set tcp-established-timeout <s>',
  source: {
    url: 'https://docs.fortinet.com/document/fortiadc/7.4.3/cli-reference/726896/config-firewall-global',
    note: 'Netfilter-style table with 3600 s for idle established TCP.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
