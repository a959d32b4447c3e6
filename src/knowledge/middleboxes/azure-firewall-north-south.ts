import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Azure Firewall, internet traffic',
  vendor: 'Microsoft',
  kind: 'firewall',
  idleTimeoutMs: 240_000,
  rangeMs: [240_000, 900_000],
  expiry: { behaviour: 'rst', confidence: 'verified-by-reading' },
  keepalive: { refreshes: true, basis: 'read' },
  configurableWith: 'a support request raises it to 15 min',
  source: 'https://learn.microsoft.com/en-us/azure/firewall/tcp-session-behavior',
  note: '4 min, or 15 min after a support request. Both ends get a RST at the timeout. Scaling in and maintenance also end sessions, after 90 s.',
});
