import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'gcp-alb-backend',
  name: 'Google Application LB, backend keep-alive',
  vendor: 'Google',
  kind: 'l7-proxy',
  legs: 'origin',
  protocol: 'tcp',
  idleTimeoutMs: 600_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: "not configurable; make the backend's HTTP keep-alive > 600 s (620 is the usual pick)",
  source: {
    url: 'https://docs.cloud.google.com/load-balancing/docs/https/request-distribution?hl=zh-cn',
    note: "Fixed 600 s; Google's text quoted at https://www.eclipse.org/lists/jetty-users/msg10763.html asks backends to stay above it to avoid a reset race.",
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
