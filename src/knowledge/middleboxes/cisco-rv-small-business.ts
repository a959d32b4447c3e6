import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Cisco RV120W small-business router',
  vendor: 'Cisco',
  kind: 'nat',
  idleTimeoutMs: 1_800_000,
  rangeMs: [1000, 4_294_967_000],
  configurableWith: 'Firewall > Session Settings > TCP Session Timeout Duration',
  source: 'https://www.cisco.com/assets/sol/sb/RV120W_Emulators/RV120W_Emulator_v1.0.5.6/fwSessionConfig.htm',
  note: '1800 s, as the emulator of the RV120W administration page shows it.',
});
