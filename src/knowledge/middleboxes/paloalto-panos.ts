import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'PAN-OS session timeout TCP',
  vendor: 'Palo Alto Networks',
  kind: 'firewall',
  idleTimeoutMs: 3_600_000,
  rangeMs: [1000, 15_999_999_000],
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  closing: {
    synSentMs: 5000,
    synReceivedMs: 10_000,
    halfClosedMs: 120_000,
    afterFinsMs: 15_000,
    afterResetMs: 30_000,
    source: 'https://docs.paloaltonetworks.com/ngfw/help/10-1/objects/objects-services',
    confidence: 'verified-by-reading',
  },
  configurableWith:
    'Device > Setup > Session > Session Timeouts > TCP, or per application (Objects > Applications, TCP timeout); CLI: set deviceconfig setting session timeout-tcp <s>',
  source:
    'https://docs.paloaltonetworks.com/ngfw/networking/session-settings-and-timeouts/configure-session-timeouts/configure-session-timeouts-pan-os',
  note: '3600 s once established; the timeout of an application or a service comes first. Handshake 10 s, init 5 s, half-closed 120 s, TIME_WAIT 15 s, unverified RST 30 s, discarded 90 s. That later packets without SYN are refused is recalled.',
});
