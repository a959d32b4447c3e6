import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'AWS Network Firewall',
  vendor: 'AWS',
  kind: 'firewall',
  idleTimeoutMs: 350_000,
  rangeMs: [60_000, 6_000_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  keepalive: { refreshes: true, basis: 'read' },
  configurableWith: 'firewall policy FlowTimeouts.TcpIdleTimeoutSeconds',
  source: 'https://docs.aws.amazon.com/network-firewall/latest/APIReference/API_FlowTimeouts.html',
  note: 'Later data is dropped, a SYN begins a new flow, keepalive refreshes. What a new value does to existing flows is up to the stream exception policy (older text: only new flows).',
});
