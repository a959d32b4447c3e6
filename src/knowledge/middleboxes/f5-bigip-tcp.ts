import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'F5 BIG-IP TCP profile (full proxy)',
  vendor: 'F5',
  kind: 'l7-proxy',
  legs: 'tcp',
  idleTimeoutMs: 300_000,
  expiry: { behaviour: 'rst', confidence: 'recalled' },
  keepalive: { refreshes: null, basis: 'unknown' },
  configurableWith:
    'ltm profile tcp idle-timeout, reset-on-timeout, keep-alive-interval (1800 s by default, longer than the idle timeout; recalled)',
  source:
    'https://www.explaintopic.com/networking/f5-tcp-idle-timeout-issues-in-production-environments-1765837549.html',
  note: '300 s, from a secondary page.',
});
