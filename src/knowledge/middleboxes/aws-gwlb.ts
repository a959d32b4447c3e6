import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'AWS Gateway Load Balancer',
  vendor: 'AWS',
  kind: 'l4-lb',
  idleTimeoutMs: 350_000,
  rangeMs: [60_000, 6_000_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith:
    'listener attributes tcp.idle_timeout.seconds and send_tcp_reset.on_idle_timeout.enabled (default false)',
  source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/gateway/gateway-listeners.html',
  note: '350 s, then silence. With send_tcp_reset.on_idle_timeout.enabled a packet of a flow it does not know gets a RST.',
});
