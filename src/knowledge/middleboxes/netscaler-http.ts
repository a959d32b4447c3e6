import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'NetScaler HTTP/SSL vserver',
  vendor: 'Citrix',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 180_000,
  expiry: { behaviour: 'rst', confidence: 'recalled' },
  configurableWith: '-cltTimeout, -svrTimeout',
  source: 'https://support.citrix.com/external/article/137362/netscaler-client-virtual-server-and-serv.html',
  note: '180 s towards clients, 360 s towards servers; recalled, the page has no numbers.',
  confidence: 'recalled',
});
