import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'azure-firewall-north-south',
  name: 'Azure Firewall, internet traffic',
  vendor: 'Microsoft',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 240_000,
  rangeMs: [240_000, 900_000],
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'support request raises it to 15 min',
  source: {
    url: 'https://docs.azure.cn/en-us/firewall/long-running-sessions',
    note: '4 min, up to 15 min through support (2022 docs said 30 min). Scale-in and maintenance also cut long sessions after a 90 s drain.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'read' },
} satisfies MiddleboxPreset;
