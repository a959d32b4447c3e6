import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'netscaler-tcp',
  name: 'NetScaler TCP vserver/service',
  vendor: 'Citrix',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 9_000_000,
  rangeMs: null,
  expiry: { behaviour: 'rst', confidence: 'recalled' },
  configurableWith: 'set lb vserver <v> -cltTimeout <s>; set service <s> -svrTimeout <s>; set ns timeout ...',
  source: {
    url: 'https://docs.netscaler.com/en-us/citrix-adc/12-1/citrix-adc-support-for-telecom-service-providers/NS_TCP_optimization/ns_tcp_opt_faqs.html',
    note: "9000 s for TCP services (seen in many exported configs and the FAQ example); idle connections turn 'zombie' and are later reset on both sides.",
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: null, basis: 'unknown' },
} satisfies MiddleboxPreset;
