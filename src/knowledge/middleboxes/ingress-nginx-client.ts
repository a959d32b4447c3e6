import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'ingress-nginx client keep-alive',
  vendor: 'Kubernetes',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 75_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'ConfigMap keep-alive, keep-alive-requests (1000)',
  source:
    'https://github.com/kubernetes/ingress-nginx/blob/dbb11b92ddb77bee9c35e462479129354c84f939/internal/ingress/controller/config/config.go',
  note: '75 s. The project is archived since March 2026.',
});
