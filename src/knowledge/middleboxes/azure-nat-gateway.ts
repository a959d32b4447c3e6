import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Azure NAT Gateway',
  vendor: 'Microsoft',
  kind: 'cloud-nat',
  idleTimeoutMs: 240_000,
  rangeMs: [240_000, 7_200_000],
  expiry: { behaviour: 'rst', confidence: 'verified-by-reading' },
  keepalive: { refreshes: true, basis: 'read' },
  closing: { handshakeMs: 30_000, portHeldAfterFinMs: 65_000, portHeldAfterResetMs: 16_000 },
  configurableWith: 'idleTimeoutInMinutes, from 4 to 120',
  source: 'https://learn.microsoft.com/en-us/azure/nat-gateway/nat-gateway-resource',
  note: '4 min, up to 2 h; UDP 4 min, fixed. A packet of a forgotten flow gets a RST, from either side. Half-open 30 s; the port is kept back for 65 s after a FIN, 16 s after a RST.',
});
