import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'ingress-nginx pool to pods',
  vendor: 'Kubernetes',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 60_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith:
    'ConfigMap upstream-keepalive-timeout, upstream-keepalive-connections (320), upstream-keepalive-requests (10000)',
  source:
    'https://github.com/kubernetes/ingress-nginx/blob/dbb11b92ddb77bee9c35e462479129354c84f939/internal/ingress/controller/config/config.go',
  note: '60 s, and on without being told: races with pods that close after 2 s (gunicorn), 5 s (uvicorn, Node) or 30 s (Jetty).',
});
