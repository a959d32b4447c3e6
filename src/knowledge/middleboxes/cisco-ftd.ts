import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'cisco-ftd',
  name: 'Cisco Secure Firewall Threat Defense',
  vendor: 'Cisco',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 3_600_000,
  rangeMs: [300_000, 4_294_800_000],
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith:
    'Devices > Platform Settings > Timeouts > Connection (Conn); per-class via service policy, DCD available',
  source: {
    url: 'https://docs.defenseorchestrator.com/cdfmc/t_configure_global_timeouts_fptd.html',
    note: 'Connection slot 1 h (min 5 min, max generally 1193 h), translation slot 3 h, half-closed 10 min.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
