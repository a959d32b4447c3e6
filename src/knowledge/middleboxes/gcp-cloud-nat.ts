import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Google Cloud NAT, established TCP',
  vendor: 'Google',
  kind: 'cloud-nat',
  idleTimeoutMs: 1_200_000,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  closing: {
    handshakeMs: 30_000,
    halfClosedMs: 30_000,
    afterFinsMs: 120_000,
    source: 'https://docs.cloud.google.com/nat/docs/tune-nat-configuration',
    confidence: 'recalled',
  },
  configurableWith: 'gcloud compute routers nats update --tcp-established-idle-timeout=<s>',
  source:
    'https://pub.dev/documentation/google_cloud_compute_v1/latest/compute/RouterNat/tcpEstablishedIdleTimeoutSec.html',
  note: '1200 s (transitory 30 s, TIME_WAIT 120 s), then silence. The 600 s of the VPC firewall come first.',
});
