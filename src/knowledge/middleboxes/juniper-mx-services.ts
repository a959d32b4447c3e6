import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'juniper-mx-services',
  name: 'Junos MX/MS services PIC (stateful firewall, NAT)',
  vendor: 'Juniper',
  kind: 'nat',
  protocol: 'tcp',
  idleTimeoutMs: 30_000,
  rangeMs: [4000, 86_400_000],
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith:
    '[edit interfaces <sp-x> services-options] inactivity-timeout <s>; tcp-non-syn drop-flow-send-rst to answer mid-stream packets with RST (16.1R2+)',
  source: {
    url: 'https://juniper.net/documentation/en_US/junos/topics/reference/configuration-statement/inactivity-timeout-edit-interfaces.html',
    note: 'Adaptive services default is only 30 s for established flows; the per-application value overrides it.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
