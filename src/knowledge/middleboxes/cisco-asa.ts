import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: "Cisco ASA 'timeout conn'",
  vendor: 'Cisco',
  kind: 'firewall',
  idleTimeoutMs: 3_600_000,
  rangeMs: [1000, 4_294_800_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  closing: { handshakeMs: 30_000, halfClosedMs: 600_000 },
  configurableWith:
    'timeout conn hh:mm:ss, or in a policy-map: set connection timeout idle hh:mm:ss [reset] [dcd ...]; 0:0:0 is never',
  source:
    'https://cisco.com/c/en/us/support/docs/security/secure-firewall-asa/222075-configure-connection-timeout-for-specifi.html',
  note: 'Idle 1 h, half-closed 10 min, embryonic 30 s. A RST goes out only with the keyword reset. Dead Connection Detection probes both ends (15 s, 5 tries) before it drops.',
});
