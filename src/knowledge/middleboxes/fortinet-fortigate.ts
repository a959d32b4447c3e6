import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'FortiGate session-ttl',
  vendor: 'Fortinet',
  kind: 'firewall',
  idleTimeoutMs: 3_600_000,
  rangeMs: [300_000, 2_764_800_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  closing: {
    handshakeMs: 10_000,
    halfClosedMs: 120_000,
    afterFinsMs: 1000,
    afterResetMs: 5000,
    source: null,
    confidence: 'read-without-address',
  },
  configurableWith:
    'config system session-ttl / set default <s> (or config port), or in the policy: set session-ttl <s>; a RST at expiry: set timeout-send-rst enable; a RST for packets without a session: config system global / set reset-sessionless-tcp enable',
  source:
    'https://community.fortinet.com/t5/FortiGate/Technical-Tip-Default-session-timeout-value-session-ttl/ta-p/194357',
  note: '3600 s, then silence (technical tip 196858) unless a RST is switched on. With NP offload that RST can have a stale sequence number, which the end ignores (FD47803).',
});
