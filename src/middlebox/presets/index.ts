import type { MiddleboxPreset } from '../../report/middleboxes.ts';
import { preset as a10ThunderTcp } from './a10-thunder-tcp.ts';
import { preset as alibabaCfwProxyTunnel } from './alibaba-cfw-proxy-tunnel.ts';
import { preset as alibabaClbHttp } from './alibaba-clb-http.ts';
import { preset as alibabaClbTcp } from './alibaba-clb-tcp.ts';
import { preset as alibabaNlb } from './alibaba-nlb.ts';
import { preset as awsAlb } from './aws-alb.ts';
import { preset as awsClb } from './aws-clb.ts';
import { preset as awsCloudfrontOrigin } from './aws-cloudfront-origin.ts';
import { preset as awsEcsServiceConnectHttp } from './aws-ecs-service-connect-http.ts';
import { preset as awsEcsServiceConnectTcp } from './aws-ecs-service-connect-tcp.ts';
import { preset as awsGwlb } from './aws-gwlb.ts';
import { preset as awsNatGateway } from './aws-nat-gateway.ts';
import { preset as awsNetworkFirewall } from './aws-network-firewall.ts';
import { preset as awsNlbTcp } from './aws-nlb-tcp.ts';
import { preset as awsNlbTls } from './aws-nlb-tls.ts';
import { preset as awsSgConntrack } from './aws-sg-conntrack.ts';
import { preset as awsSgConntrackNitroV6 } from './aws-sg-conntrack-nitro-v6.ts';
import { preset as awsVpcEndpoint } from './aws-vpc-endpoint.ts';
import { preset as azureAksOutbound } from './azure-aks-outbound.ts';
import { preset as azureAppServiceInbound } from './azure-app-service-inbound.ts';
import { preset as azureAppServiceOutbound } from './azure-app-service-outbound.ts';
import { preset as azureFirewallEastWest } from './azure-firewall-east-west.ts';
import { preset as azureFirewallNorthSouth } from './azure-firewall-north-south.ts';
import { preset as azureLoadBalancer } from './azure-load-balancer.ts';
import { preset as azureNatGateway } from './azure-nat-gateway.ts';
import { preset as cgnResidentialFolklore } from './cgn-residential-folklore.ts';
import { preset as checkpointGateway } from './checkpoint-gateway.ts';
import { preset as ciliumCtTcp } from './cilium-ct-tcp.ts';
import { preset as ciscoAsa } from './cisco-asa.ts';
import { preset as ciscoFtd } from './cisco-ftd.ts';
import { preset as ciscoRvSmallBusiness } from './cisco-rv-small-business.ts';
import { preset as cloudflareClient } from './cloudflare-client.ts';
import { preset as cloudflareOrigin } from './cloudflare-origin.ts';
import { preset as dockerBridgeNat } from './docker-bridge-nat.ts';
import { preset as dockerSwarmIngress } from './docker-swarm-ingress.ts';
import { preset as envoyHttp } from './envoy-http.ts';
import { preset as envoyTcpProxy } from './envoy-tcp-proxy.ts';
import { preset as f5BigipFastl4 } from './f5-bigip-fastl4.ts';
import { preset as f5BigipTcp } from './f5-bigip-tcp.ts';
import { preset as flyProxy } from './fly-proxy.ts';
import { preset as fortinetFortiadc } from './fortinet-fortiadc.ts';
import { preset as fortinetFortigate } from './fortinet-fortigate.ts';
import { preset as gcpAlbBackend } from './gcp-alb-backend.ts';
import { preset as gcpAlbCrossRegionInternal } from './gcp-alb-cross-region-internal.ts';
import { preset as gcpAlbGlobalClient } from './gcp-alb-global-client.ts';
import { preset as gcpCloudNat } from './gcp-cloud-nat.ts';
import { preset as gcpPassthroughNlbExternal } from './gcp-passthrough-nlb-external.ts';
import { preset as gcpPassthroughNlbInternal } from './gcp-passthrough-nlb-internal.ts';
import { preset as gcpProxyNlb } from './gcp-proxy-nlb.ts';
import { preset as gcpVpcFirewall } from './gcp-vpc-firewall.ts';
import { preset as haproxy } from './haproxy.ts';
import { preset as haproxyIdlePool } from './haproxy-idle-pool.ts';
import { preset as herokuRouterStream } from './heroku-router-stream.ts';
import { preset as herokuRouter2DynoKeepalive } from './heroku-router2-dyno-keepalive.ts';
import { preset as homeGatewaysImc2010 } from './home-gateways-imc2010.ts';
import { preset as huaweiElbHttp } from './huawei-elb-http.ts';
import { preset as huaweiElbTcp } from './huawei-elb-tcp.ts';
import { preset as ipvsTcp } from './ipvs-tcp.ts';
import { preset as istioSidecarHttp } from './istio-sidecar-http.ts';
import { preset as juniperMxServices } from './juniper-mx-services.ts';
import { preset as juniperSrxJunosHttp } from './juniper-srx-junos-http.ts';
import { preset as juniperSrxJunosTelnet } from './juniper-srx-junos-telnet.ts';
import { preset as juniperSrxTcp } from './juniper-srx-tcp.ts';
import { preset as kubeProxyConntrack } from './kube-proxy-conntrack.ts';
import { preset as linuxNfConntrack } from './linux-nf-conntrack.ts';
import { preset as linuxNfConntrackUnacked } from './linux-nf-conntrack-unacked.ts';
import { preset as mikrotikRouteros } from './mikrotik-routeros.ts';
import { preset as netscalerHttp } from './netscaler-http.ts';
import { preset as netscalerTcp } from './netscaler-tcp.ts';
import { preset as nginxHttpKeepalive } from './nginx-http-keepalive.ts';
import { preset as nginxProxyRead } from './nginx-proxy-read.ts';
import { preset as nginxStream } from './nginx-stream.ts';
import { preset as nginxUpstreamPool } from './nginx-upstream-pool.ts';
import { preset as ociLbBackend } from './oci-lb-backend.ts';
import { preset as ociLbClient } from './oci-lb-client.ts';
import { preset as ociNlbTcp } from './oci-nlb-tcp.ts';
import { preset as openvpnKeepalive } from './openvpn-keepalive.ts';
import { preset as openwrt } from './openwrt.ts';
import { preset as paloaltoPanos } from './paloalto-panos.ts';
import { preset as pfAggressive } from './pf-aggressive.ts';
import { preset as pfConservative } from './pf-conservative.ts';
import { preset as pfNormal } from './pf-normal.ts';
import { preset as pfsense } from './pfsense.ts';
import { preset as railwayEdge } from './railway-edge.ts';
import { preset as renderProxy } from './render-proxy.ts';
import { preset as rfc5382Minimum } from './rfc5382-minimum.ts';
import { preset as squidClient } from './squid-client.ts';
import { preset as squidServer } from './squid-server.ts';
import { preset as tencentClbTcp } from './tencent-clb-tcp.ts';
import { preset as tencentGwlb } from './tencent-gwlb.ts';
import { preset as traefikEntrypoint } from './traefik-entrypoint.ts';
import { preset as traefikUpstream } from './traefik-upstream.ts';
import { preset as ucloudClb } from './ucloud-clb.ts';
import { preset as vmwareNsxDfw } from './vmware-nsx-dfw.ts';
import { preset as vmwareNsxEdge } from './vmware-nsx-edge.ts';
import { preset as windowsWinnat } from './windows-winnat.ts';
import { preset as wireguardPersistentKeepalive } from './wireguard-persistent-keepalive.ts';

/** The presets by id. An id is the name of the file that holds the preset; a test names the lines to add for a new one. */
export const presets: Readonly<Record<string, MiddleboxPreset>> = {
  'a10-thunder-tcp': a10ThunderTcp,
  'alibaba-cfw-proxy-tunnel': alibabaCfwProxyTunnel,
  'alibaba-clb-http': alibabaClbHttp,
  'alibaba-clb-tcp': alibabaClbTcp,
  'alibaba-nlb': alibabaNlb,
  'aws-alb': awsAlb,
  'aws-clb': awsClb,
  'aws-cloudfront-origin': awsCloudfrontOrigin,
  'aws-ecs-service-connect-http': awsEcsServiceConnectHttp,
  'aws-ecs-service-connect-tcp': awsEcsServiceConnectTcp,
  'aws-gwlb': awsGwlb,
  'aws-nat-gateway': awsNatGateway,
  'aws-network-firewall': awsNetworkFirewall,
  'aws-nlb-tcp': awsNlbTcp,
  'aws-nlb-tls': awsNlbTls,
  'aws-sg-conntrack': awsSgConntrack,
  'aws-sg-conntrack-nitro-v6': awsSgConntrackNitroV6,
  'aws-vpc-endpoint': awsVpcEndpoint,
  'azure-aks-outbound': azureAksOutbound,
  'azure-app-service-inbound': azureAppServiceInbound,
  'azure-app-service-outbound': azureAppServiceOutbound,
  'azure-firewall-east-west': azureFirewallEastWest,
  'azure-firewall-north-south': azureFirewallNorthSouth,
  'azure-load-balancer': azureLoadBalancer,
  'azure-nat-gateway': azureNatGateway,
  'cgn-residential-folklore': cgnResidentialFolklore,
  'checkpoint-gateway': checkpointGateway,
  'cilium-ct-tcp': ciliumCtTcp,
  'cisco-asa': ciscoAsa,
  'cisco-ftd': ciscoFtd,
  'cisco-rv-small-business': ciscoRvSmallBusiness,
  'cloudflare-client': cloudflareClient,
  'cloudflare-origin': cloudflareOrigin,
  'docker-bridge-nat': dockerBridgeNat,
  'docker-swarm-ingress': dockerSwarmIngress,
  'envoy-http': envoyHttp,
  'envoy-tcp-proxy': envoyTcpProxy,
  'f5-bigip-fastl4': f5BigipFastl4,
  'f5-bigip-tcp': f5BigipTcp,
  'fly-proxy': flyProxy,
  'fortinet-fortiadc': fortinetFortiadc,
  'fortinet-fortigate': fortinetFortigate,
  'gcp-alb-backend': gcpAlbBackend,
  'gcp-alb-cross-region-internal': gcpAlbCrossRegionInternal,
  'gcp-alb-global-client': gcpAlbGlobalClient,
  'gcp-cloud-nat': gcpCloudNat,
  'gcp-passthrough-nlb-external': gcpPassthroughNlbExternal,
  'gcp-passthrough-nlb-internal': gcpPassthroughNlbInternal,
  'gcp-proxy-nlb': gcpProxyNlb,
  'gcp-vpc-firewall': gcpVpcFirewall,
  haproxy,
  'haproxy-idle-pool': haproxyIdlePool,
  'heroku-router-stream': herokuRouterStream,
  'heroku-router2-dyno-keepalive': herokuRouter2DynoKeepalive,
  'home-gateways-imc2010': homeGatewaysImc2010,
  'huawei-elb-http': huaweiElbHttp,
  'huawei-elb-tcp': huaweiElbTcp,
  'ipvs-tcp': ipvsTcp,
  'istio-sidecar-http': istioSidecarHttp,
  'juniper-mx-services': juniperMxServices,
  'juniper-srx-junos-http': juniperSrxJunosHttp,
  'juniper-srx-junos-telnet': juniperSrxJunosTelnet,
  'juniper-srx-tcp': juniperSrxTcp,
  'kube-proxy-conntrack': kubeProxyConntrack,
  'linux-nf-conntrack': linuxNfConntrack,
  'linux-nf-conntrack-unacked': linuxNfConntrackUnacked,
  'mikrotik-routeros': mikrotikRouteros,
  'netscaler-http': netscalerHttp,
  'netscaler-tcp': netscalerTcp,
  'nginx-http-keepalive': nginxHttpKeepalive,
  'nginx-proxy-read': nginxProxyRead,
  'nginx-stream': nginxStream,
  'nginx-upstream-pool': nginxUpstreamPool,
  'oci-lb-backend': ociLbBackend,
  'oci-lb-client': ociLbClient,
  'oci-nlb-tcp': ociNlbTcp,
  'openvpn-keepalive': openvpnKeepalive,
  openwrt,
  'paloalto-panos': paloaltoPanos,
  'pf-aggressive': pfAggressive,
  'pf-conservative': pfConservative,
  'pf-normal': pfNormal,
  pfsense,
  'railway-edge': railwayEdge,
  'render-proxy': renderProxy,
  'rfc5382-minimum': rfc5382Minimum,
  'squid-client': squidClient,
  'squid-server': squidServer,
  'tencent-clb-tcp': tencentClbTcp,
  'tencent-gwlb': tencentGwlb,
  'traefik-entrypoint': traefikEntrypoint,
  'traefik-upstream': traefikUpstream,
  'ucloud-clb': ucloudClb,
  'vmware-nsx-dfw': vmwareNsxDfw,
  'vmware-nsx-edge': vmwareNsxEdge,
  'windows-winnat': windowsWinnat,
  'wireguard-persistent-keepalive': wireguardPersistentKeepalive,
};
