import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Junos SRX flow session, TCP default',
  vendor: 'Juniper',
  kind: 'firewall',
  idleTimeoutMs: 1_800_000,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith:
    'set applications application <name> inactivity-timeout <seconds|never>, named in the policy; to look: show security flow session (column Timeout); to answer forgotten sessions with a RST: set security zones security-zone <zone> tcp-rst',
  source:
    'https://www.juniper.net/documentation/us/en/software/junos/flow-packet-processing/topics/topic-map/security-flow-based-session-for-srx-series-devices.html',
  note: '1800 s for TCP (UDP: 60 s) where no application entry says otherwise. A segment without SYN that finds no session is dropped; with tcp-rst on its zone it is answered with a RST. rst-invalidate-session is about a RST that passes through.',
});
