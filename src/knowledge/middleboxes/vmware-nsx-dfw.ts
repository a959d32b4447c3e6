import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'vmware-nsx-dfw',
  name: 'NSX distributed firewall',
  vendor: 'VMware',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 43_200_000,
  rangeMs: [120_000, 4_320_000_000],
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: 'Security > General Settings > Firewall > Session Timer profile',
  source: {
    url: 'https://docs.vmware.com/en/VMware-NSX-T-Data-Center/3.2/administration/GUID-647F5155-FFF1-4CD8-9FD2-A40F4225D661.html',
    note: 'The page lists the timers but not the established number; 43200 s (12 h) and the range are recalled.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
