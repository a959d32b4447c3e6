import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'WatchGuard Firebox TCP connection idle timeout',
  vendor: 'WatchGuard',
  kind: 'firewall',
  idleTimeoutMs: 3_600_000,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: 'Setup > Global Settings > Networking: TCP connection idle timeout; or in the policy',
  note: '1 h; recalled.',
  confidence: 'recalled',
});
