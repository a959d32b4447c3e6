import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Azure Application Gateway, TCP idle timeout of the public frontend',
  vendor: 'Microsoft',
  kind: 'l4-lb',
  idleTimeoutMs: 240_000,
  rangeMs: [240_000, 1_800_000],
  configurableWith: 'idle timeout of the public IP address, in minutes',
  source: 'https://learn.microsoft.com/en-us/azure/application-gateway/application-gateway-faq',
  note: '4 min at the public address of v1 and v2; private frontends 5 min, fixed. The upper end of the range is recalled.',
});
