import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Check Point Security Gateway TCP session timeout',
  vendor: 'Check Point',
  kind: 'firewall',
  idleTimeoutMs: 3_600_000,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  closing: {
    handshakeMs: 25_000,
    afterFinsMs: 20_000,
    afterResetMs: 20_000,
    source: null,
    confidence: 'read-without-address',
  },
  configurableWith:
    'Global Properties > Stateful Inspection > TCP session timeout, or in the service: Advanced > session timeout; a RST at expiry: kernel parameter of sk19746 (recalled)',
  source:
    'https://community.checkpoint.com/t5/General-Topics/Long-lived-TCP-connection-got-timed-out-ungracefully-First/td-p/36459',
  note: "60 min, then no end is notified: the next packet is dropped (First packet isn't SYN). A RST to both ends can be switched on, a FIN cannot. Start timeout 25 s; end timeout after FINs or a RST 20 s, from R80.20 on 5 s.",
});
