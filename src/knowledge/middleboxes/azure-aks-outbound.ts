import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'azure-aks-outbound',
  name: 'AKS standard load balancer outbound rule',
  vendor: 'Microsoft',
  kind: 'cloud-nat',
  protocol: 'tcp',
  idleTimeoutMs: 1_800_000,
  rangeMs: [240_000, 7_200_000],
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'az aks update --load-balancer-idle-timeout <min>',
  source: {
    url: 'https://learn.microsoft.com/en-us/dotnet/api/microsoft.azure.powershell.cmdlets.aks.models.api20230201.imanagedclusterloadbalancerprofile.idletimeoutinminute?view=az-ps-latest',
    note: 'AKS overrides the 4 min Azure default with 30 min for outbound flows.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
