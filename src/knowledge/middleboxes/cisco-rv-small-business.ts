import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'cisco-rv-small-business',
  name: 'Cisco RV120W small-business router',
  vendor: 'Cisco',
  kind: 'nat',
  protocol: 'tcp',
  idleTimeoutMs: 1_800_000,
  rangeMs: [1000, 4_294_967_000],
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'Firewall > Session Settings > TCP Session Timeout Duration',
  source: {
    url: 'https://www.cisco.com/assets/sol/sb/RV120W_Emulators/RV120W_Emulator_v1.0.5.6/fwSessionConfig.htm',
    note: 'Emulator page of the admin UI shows default 1800 s for TCP sessions.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
