import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Junos SRX predefined junos-http application',
  vendor: 'Juniper',
  kind: 'firewall',
  idleTimeoutMs: 300_000,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'an own application for the port with its inactivity-timeout, matched in the policy',
  source: 'https://www.juniper.net/documentation/en_US/release-independent/downloads/juniper-library-junos103.zip',
  note: 'The CLI reference of Junos 10.3 gives TCP 30 min, HTTP 5 min, UDP 1 min: a policy that matches junos-http forgets six times sooner.',
});
