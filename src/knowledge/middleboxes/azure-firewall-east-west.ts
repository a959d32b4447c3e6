import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Azure Firewall, spoke-to-spoke / on-prem',
  vendor: 'Microsoft',
  kind: 'firewall',
  idleTimeoutMs: 300_000,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'not configurable',
  source: 'https://learn.microsoft.com/en-us/azure/firewall/tcp-session-behavior',
  note: 'Between networks, regions or to your own site: 5 min, fixed, and no RST.',
});
