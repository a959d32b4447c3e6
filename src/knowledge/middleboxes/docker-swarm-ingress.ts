import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Docker Swarm ingress/VIP (IPVS)',
  vendor: 'Docker',
  kind: 'l4-lb',
  idleTimeoutMs: 900_000,
  expiry: { behaviour: 'rst', confidence: 'recalled' },
  configurableWith: 'no setting of a service; endpoint_mode: dnsrr, or keepalive below 900 s',
  source:
    'https://github.com/moby/moby/blob/b985e2313a8676e18072b442911fc8f64f17d440/daemon/libnetwork/osl/namespace_linux.go',
  note: 'The virtual IPs are IPVS. Docker 29.7.2 sets conn_reuse_mode and expire_nodest_conn but no timeout, so the 900 s of the kernel hold.',
});
