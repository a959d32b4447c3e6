import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'alibaba-cfw-proxy-tunnel',
  name: 'Alibaba Cloud Firewall explicit proxy, CONNECT tunnel',
  vendor: 'Alibaba Cloud',
  kind: 'l7-proxy',
  legs: 'tcp',
  protocol: 'tcp',
  idleTimeoutMs: 300_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'not yet customisable',
  source: {
    url: 'https://help.aliyun.com/en/cloud-firewall/cloudfirewall/explicit-proxy-firewall-connection-and-timeout-explanation',
    note: 'Tunnel idle 300 s both directions; idle keep-alive connections 3600 s.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
