import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Windows WinNAT (New-NetNat, Hyper-V/containers)',
  vendor: 'Microsoft',
  kind: 'nat',
  idleTimeoutMs: 1_800_000,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: 'Set-NetNat -Name <n> -TcpEstablishedConnectionTimeout <s>',
  note: '1800 s in the output of Get-NetNat in several repositories (transient: 120 s); no page of the vendor was read.',
  confidence: 'read-without-address',
});
