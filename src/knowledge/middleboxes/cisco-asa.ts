import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'cisco-asa',
  name: "Cisco ASA 'timeout conn'",
  vendor: 'Cisco',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 3_600_000,
  rangeMs: [1000, 4_294_800_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith:
    'timeout conn hh:mm:ss (global) or policy-map: set connection timeout idle hh:mm:ss [reset] [dcd ...]; 0:0:0 = never',
  source: {
    url: 'https://cisco.com/c/en/us/support/docs/security/secure-firewall-asa/222075-configure-connection-timeout-for-specifi.html',
    note: "TCP idle 1 h, half-closed 10 min, embryonic 30 s. RST to both ends only when the optional 'reset' keyword is given; Dead Connection Detection (15 s, 5 tries) probes both ends at expiry instead of dropping.",
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
