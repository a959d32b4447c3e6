import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Junos MX/MS services PIC (stateful firewall, NAT)',
  vendor: 'Juniper',
  kind: 'nat',
  idleTimeoutMs: 30_000,
  rangeMs: [4000, 86_400_000],
  configurableWith:
    '[edit interfaces <sp-x> services-options] inactivity-timeout <s>; a RST for mid-stream packets (16.1R2 and later): tcp-non-syn drop-flow-send-rst',
  source:
    'https://juniper.net/documentation/en_US/junos/topics/reference/configuration-statement/inactivity-timeout-edit-interfaces.html',
  note: 'Established flows idle only 30 s by default; a value of the application comes before it.',
});
