import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'netscaler-http',
  name: 'NetScaler HTTP/SSL vserver',
  vendor: 'Citrix',
  kind: 'l7-proxy',
  legs: 'client',
  protocol: 'tcp',
  idleTimeoutMs: 180_000,
  rangeMs: null,
  expiry: { behaviour: 'rst', confidence: 'recalled' },
  configurableWith: '-cltTimeout / -svrTimeout (server side 360)',
  source: {
    url: 'https://support.citrix.com/external/article/137362/netscaler-client-virtual-server-and-serv.html',
    note: '180 s client / 360 s server; recalled, the page explains the parameters without the numbers.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
