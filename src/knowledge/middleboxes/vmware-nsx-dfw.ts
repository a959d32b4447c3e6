import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'NSX distributed firewall',
  vendor: 'VMware',
  kind: 'firewall',
  idleTimeoutMs: 43_200_000,
  rangeMs: [120_000, 4_320_000_000],
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: 'Security > General Settings > Firewall > Session Timer profile',
  source:
    'https://docs.vmware.com/en/VMware-NSX-T-Data-Center/3.2/administration/GUID-647F5155-FFF1-4CD8-9FD2-A40F4225D661.html',
  note: '12 h and the range are recalled: the page names the timers without this number.',
  confidence: 'recalled',
});
