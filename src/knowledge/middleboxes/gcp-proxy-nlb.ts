import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Google proxy Network LB (TCP/SSL proxy)',
  vendor: 'Google',
  kind: 'l4-lb',
  idleTimeoutMs: 30_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
  configurableWith: 'backend service timeoutSec',
  source: 'https://docs.cloud.google.com/load-balancing/docs/https/request-distribution',
  note: 'The timeout of the backend service, 30 s, is the idle timeout; recalled.',
  confidence: 'recalled',
});
