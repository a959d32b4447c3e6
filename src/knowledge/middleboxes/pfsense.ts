import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'pfsense',
  name: 'pfSense / OPNsense default',
  vendor: 'Netgate',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 86_400_000,
  rangeMs: null,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: 'System > Advanced > Firewall & NAT > Firewall Optimization Options / State Timeouts',
  source: {
    url: 'https://github.com/freebsd/freebsd-src/blob/bc5ed32bdcdc68524c022c3ae28172c6062fdc46/sbin/pfctl/pfctl.c',
    note: 'Uses pf with the Normal profile unless changed; that the product ships Normal is recalled, the pf number is read.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
