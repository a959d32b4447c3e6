import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'paloalto-panos',
  name: 'PAN-OS session timeout TCP',
  vendor: 'Palo Alto Networks',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 3_600_000,
  rangeMs: [1000, 15_999_999_000],
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith:
    'Device > Setup > Session > Session Timeouts > TCP, or per application (Objects > Applications, TCP timeout); CLI: set deviceconfig setting session timeout-tcp <s>',
  source: {
    url: 'https://docs.paloaltonetworks.com/ngfw/networking/session-settings-and-timeouts/configure-session-timeouts/configure-session-timeouts-pan-os',
    note: '3600 s once established; an App-ID specific timeout, when present, wins over the global one, so ask for the application actually matched. Later non-SYN packets are rejected by default (recalled).',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
