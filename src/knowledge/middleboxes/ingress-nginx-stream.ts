import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'ingress-nginx TCP services',
  vendor: 'Kubernetes',
  kind: 'l4-lb',
  idleTimeoutMs: 600_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
  configurableWith: 'ConfigMap proxy-stream-timeout',
  source:
    'https://github.com/kubernetes/ingress-nginx/blob/dbb11b92ddb77bee9c35e462479129354c84f939/internal/ingress/controller/config/config.go',
  note: '600 s (proxy-read-timeout of HTTP: 60 s).',
});
