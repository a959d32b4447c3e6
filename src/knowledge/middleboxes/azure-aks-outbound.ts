import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'AKS standard load balancer outbound rule',
  vendor: 'Microsoft',
  kind: 'cloud-nat',
  idleTimeoutMs: 1_800_000,
  rangeMs: [240_000, 7_200_000],
  configurableWith: 'az aks update --load-balancer-idle-timeout <min>',
  source:
    'https://learn.microsoft.com/en-us/dotnet/api/microsoft.azure.powershell.cmdlets.aks.models.api20230201.imanagedclusterloadbalancerprofile.idletimeoutinminute?view=az-ps-latest',
  note: 'AKS sets 30 min for outbound flows, in place of the 4 min of Azure.',
});
