import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'FortiADC firewall conntrack',
  vendor: 'Fortinet',
  kind: 'l4-lb',
  idleTimeoutMs: 3_600_000,
  rangeMs: [1000, 86_400_000],
  configurableWith: 'config firewall global / set tcp-established-timeout <s>',
  source: 'https://docs.fortinet.com/document/fortiadc/7.4.3/cli-reference/726896/config-firewall-global',
  note: 'A table as in netfilter, with 3600 s for established TCP.',
});
