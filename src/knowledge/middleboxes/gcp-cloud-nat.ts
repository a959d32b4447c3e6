import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'gcp-cloud-nat',
  name: 'Google Cloud NAT, established TCP',
  vendor: 'Google',
  kind: 'cloud-nat',
  protocol: 'tcp',
  idleTimeoutMs: 1_200_000,
  rangeMs: null,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'gcloud compute routers nats update --tcp-established-idle-timeout=<s>',
  source: {
    url: 'https://pub.dev/documentation/google_cloud_compute_v1/latest/compute/RouterNat/tcpEstablishedIdleTimeoutSec.html',
    note: "1200 s (transitory 30 s, time-wait 120 s). Mapping dropped without RST per https://oneuptime.com/blog/post/2026-02-17-how-to-configure-cloud-nat-timeout-values-for-long-lived-tcp-connections-in-gcp/view - but the VPC firewall's 600 s is hit first.",
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
