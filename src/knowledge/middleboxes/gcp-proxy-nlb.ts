import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'gcp-proxy-nlb',
  name: 'Google proxy Network LB (TCP/SSL proxy)',
  vendor: 'Google',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 30_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'backend service timeoutSec',
  source: {
    url: 'https://docs.cloud.google.com/load-balancing/docs/https/request-distribution?hl=zh-cn',
    note: 'Backend service timeout acts as idle timeout, 30 s default; recalled.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
