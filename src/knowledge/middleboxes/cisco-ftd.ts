import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Cisco Secure Firewall Threat Defense',
  vendor: 'Cisco',
  kind: 'firewall',
  idleTimeoutMs: 3_600_000,
  rangeMs: [300_000, 4_294_800_000],
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith:
    'Devices > Platform Settings > Timeouts > Connection (Conn); per class in a service policy, with DCD',
  source: 'https://docs.defenseorchestrator.com/cdfmc/t_configure_global_timeouts_fptd.html',
  note: 'Connections 1 h (least 5 min, most 1193 h), half-closed 10 min, translations 3 h.',
});
