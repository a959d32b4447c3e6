import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'fortinet-fortigate',
  name: 'FortiGate session-ttl',
  vendor: 'Fortinet',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 3_600_000,
  rangeMs: [300_000, 2_764_800_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith:
    'config system session-ttl / set default <s> (or config port), or per policy: set session-ttl <s>; RST on expiry: set timeout-send-rst enable (policy); RST to sessionless packets: config system global / set reset-sessionless-tcp enable',
  source: {
    url: 'https://community.fortinet.com/t5/FortiGate/Technical-Tip-Default-session-timeout-value-session-ttl/ta-p/194357',
    note: 'Default 3600 s. Silent by default per https://community.fortinet.com/t5/FortiGate/Technical-Tip-Configure-the-FortiGate-to-send-TCP-RST-packet-on/ta-p/196858 ; with NP offload the RST can carry a stale sequence number and be ignored (http://kb.fortinet.com/kb/documentLink.do?externalID=FD47803).',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
