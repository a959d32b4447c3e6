import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'vmware-nsx-edge',
  name: 'NSX (for vSphere) Edge firewall/NAT',
  vendor: 'VMware',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 3_600_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'REST: PUT edge firewall/systemcontrol inactivity timeouts (tcpTimeoutEstablished)',
  source: {
    url: 'https://kb.vmware.com/kb/2101275',
    note: 'KB table: TCP established 3600 s on Edge for both API versions.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
