import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Google Cloud VPC firewall connection tracking',
  vendor: 'Google',
  kind: 'firewall',
  idleTimeoutMs: 600_000,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  keepalive: { refreshes: true, basis: 'read' },
  configurableWith: 'not configurable; set tcp_keepalive_time of the guest below 600',
  source: 'https://cloud.google.com/compute/docs/troubleshooting',
  note: '10 min. Then inbound packets are refused until the VM sends one: what the far end pushes stalls, what the VM writes revives the flow. Also between internal addresses.',
});
