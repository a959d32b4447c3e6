import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'ucloud-clb',
  name: 'UCloud CLB (HTTP/HTTPS/TCP proxy)',
  vendor: 'UCloud',
  kind: 'l7-proxy',
  legs: 'client',
  protocol: 'tcp',
  idleTimeoutMs: 60_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'connection idle timeout per VServer',
  source: {
    url: 'https://ucloud-global.com/en/docs/ulb/clb/faq/design/idletimeout',
    note: '60 s.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: null, basis: 'unknown' },
} satisfies MiddleboxPreset;
