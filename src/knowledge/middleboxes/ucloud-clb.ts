import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'UCloud CLB (HTTP/HTTPS/TCP proxy)',
  vendor: 'UCloud',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 60_000,
  keepalive: { refreshes: null, basis: 'unknown' },
  configurableWith: 'idle timeout of the VServer',
  source: 'https://ucloud-global.com/en/docs/ulb/clb/faq/design/idletimeout',
  note: '60 s.',
});
