import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'windows-winnat',
  name: 'Windows WinNAT (New-NetNat, Hyper-V/containers)',
  vendor: 'Microsoft',
  kind: 'nat',
  protocol: 'tcp',
  idleTimeoutMs: 1_800_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: 'Set-NetNat -Name <n> -TcpEstablishedConnectionTimeout <s>',
  source: {
    url: null,
    note: 'Get-NetNat output in several public repositories shows 1800 s (transient 120 s). No vendor page was read.',
    confidence: 'read-without-address',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
