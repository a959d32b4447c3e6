import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Junos SRX predefined junos-telnet application',
  vendor: 'Juniper',
  kind: 'firewall',
  idleTimeoutMs: 28_800_000,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'an own application with its inactivity-timeout',
  note: '28800 s, known only from one paste of 2011. To check: show configuration groups junos-defaults applications application junos-telnet.',
  confidence: 'recalled',
});
