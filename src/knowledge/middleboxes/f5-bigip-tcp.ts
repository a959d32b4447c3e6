import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'f5-bigip-tcp',
  name: 'F5 BIG-IP TCP profile (full proxy)',
  vendor: 'F5',
  kind: 'l7-proxy',
  legs: 'tcp',
  protocol: 'tcp',
  idleTimeoutMs: 300_000,
  rangeMs: null,
  expiry: { behaviour: 'rst', confidence: 'recalled' },
  configurableWith:
    'ltm profile tcp idle-timeout, reset-on-timeout, keep-alive-interval (default 1800, longer than the idle timeout - recalled)',
  source: {
    url: 'https://www.explaintopic.com/networking/f5-tcp-idle-timeout-issues-in-production-environments-1765837549.html',
    note: '300 s from a secondary page.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: null, basis: 'unknown' },
} satisfies MiddleboxPreset;
