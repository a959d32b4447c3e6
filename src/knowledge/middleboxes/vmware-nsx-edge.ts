import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'NSX (for vSphere) Edge firewall/NAT',
  vendor: 'VMware',
  kind: 'firewall',
  idleTimeoutMs: 3_600_000,
  configurableWith: 'PUT edge firewall/systemcontrol: tcpTimeoutEstablished',
  source: 'https://kb.vmware.com/kb/2101275',
  note: '3600 s for established TCP in both versions of the API.',
});
