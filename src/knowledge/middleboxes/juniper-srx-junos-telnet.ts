import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'juniper-srx-junos-telnet',
  name: 'Junos SRX predefined junos-telnet application',
  vendor: 'Juniper',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 28_800_000,
  rangeMs: null,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: 'custom application with own inactivity-timeout',
  source: {
    url: 'https://pastebin.com/kBz4eZb9',
    note: "A 2011 dump of 'show usp app-def tcp' shows per-application defaults: telnet 28800 s, ssh/ftp/smtp/any 1800 s.",
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
