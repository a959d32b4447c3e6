import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'NetScaler TCP vserver/service',
  vendor: 'Citrix',
  kind: 'l4-lb',
  idleTimeoutMs: 9_000_000,
  expiry: { behaviour: 'rst', confidence: 'recalled' },
  keepalive: { refreshes: null, basis: 'unknown' },
  configurableWith: 'set lb vserver <v> -cltTimeout <s>; set service <s> -svrTimeout <s>; set ns timeout ...',
  source:
    'https://docs.netscaler.com/en-us/citrix-adc/12-1/citrix-adc-support-for-telecom-service-providers/NS_TCP_optimization/ns_tcp_opt_faqs.html',
  note: '9000 s for TCP services, in exported configurations and the FAQ. Idle connections become zombies and are reset on both sides later.',
});
