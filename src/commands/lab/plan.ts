import { type Firewall, type LabOptions, settle } from './options.ts';
import { firewallRuleset, lossRuleset, TOWARDS_CLIENT, TOWARDS_SERVER } from './ruleset.ts';

/** What a host does with packets: ends them, forwards them, or forwards them and remembers. */
export type HostRole = 'client' | 'router' | 'firewall' | 'server';

/** One end of a link, with the addresses in it. */
export interface InterfacePlan {
  name: string;
  /** The links are numbered from 1, as the client meets them. */
  link: number;
  ipv4: string;
  /** null: this kernel has no IPv6. */
  ipv6: string | null;
}

/** One route of a host. */
interface RoutePlan {
  family: 4 | 6;
  /** `default`, or a network with its prefix length. */
  to: string;
  via: string;
}

/** A kernel setting of a host's network namespace, named as sysctl(8) names it. */
interface SysctlPlan {
  name: string;
  value: string;
}

/** One host, as it is to be. */
export interface HostPlan {
  name: string;
  role: HostRole;
  /** The TTL at which it is reached from the client: 0 is the client itself, 1 the first router. */
  hop: number;
  interfaces: InterfacePlan[];
  routes: RoutePlan[];
  /** For `nft -f`; null when it filters nothing. */
  ruleset: string | null;
  /** In the order in which they have to be written: after the ruleset, which brings conntrack's settings along, and before the links. */
  sysctls: SysctlPlan[];
}

/** The hosts from the client to the server; each is linked to the next. */
export interface LabPlan {
  hosts: HostPlan[];
}

/** The addresses of link L are 10.9.L.1 and fd00:9:L::1 at the client's end, and the same with 2 at the server's end. */
const ipv4Of = (link: number, end: 1 | 2) => `10.9.${link}.${end}`;
const ipv6Of = (link: number, end: 1 | 2) => `fd00:9:${link}::${end}`;
const PREFIX_LENGTHS = { ipv4: 24, ipv6: 64 } as const;

/**
 * Plans the network: client, router-1, firewall-1, router-2, server; with a second firewall, firewall-2 and router-3 before the server.
 * A router answers an expired TTL with its address on the side of the client.
 *
 * @throws UsageError when the options contradict themselves.
 */
export function planLab(options: LabOptions, kernel: { ipv6: boolean }): LabPlan {
  const { firewalls, lossPercent } = settle(options);
  const chain: { name: string; role: HostRole; firewall: Firewall | null }[] = [
    { name: 'client', role: 'client', firewall: null },
    { name: 'router-1', role: 'router', firewall: null },
    ...firewalls.flatMap((firewall, index) => [
      { name: `firewall-${index + 1}`, role: 'firewall' as const, firewall },
      { name: `router-${index + 2}`, role: 'router' as const, firewall: null },
    ]),
    { name: 'server', role: 'server', firewall: null },
  ];
  const last = chain.length - 1;
  return {
    hosts: chain.map(({ name, role, firewall }, hop) => ({
      name,
      role,
      hop,
      interfaces: [
        ...(hop > 0 ? [planInterface(TOWARDS_CLIENT, hop, 2, kernel)] : []),
        ...(hop < last ? [planInterface(TOWARDS_SERVER, hop + 1, 1, kernel)] : []),
      ],
      routes: planRoutes(hop, last, kernel),
      ruleset:
        firewall !== null
          ? firewallRuleset(firewall, { ipv4: ipv4Of(hop + 1, 1), ipv6: kernel.ipv6 ? ipv6Of(hop + 1, 1) : null })
          : hop === 1
            ? lossRuleset(lossPercent)
            : null,
      sysctls: planSysctls(role, firewall, kernel),
    })),
  };
}

function planInterface(name: string, link: number, end: 1 | 2, kernel: { ipv6: boolean }): InterfacePlan {
  return { name, link, ipv4: ipv4Of(link, end), ipv6: kernel.ipv6 ? ipv6Of(link, end) : null };
}

/** Everything unknown lies towards the server; only the server, where it would come back, looks towards the client. */
function planRoutes(hop: number, last: number, kernel: { ipv6: boolean }): RoutePlan[] {
  const links =
    hop === last ? ['default' as const] : Array.from({ length: Math.max(0, hop - 1) }, (_, index) => index + 1);
  const routes: RoutePlan[] = links.flatMap((link) => [
    {
      family: 4,
      to: link === 'default' ? link : `${ipv4Of(link, 1).replace(/1$/, '0')}/${PREFIX_LENGTHS.ipv4}`,
      via: ipv4Of(hop, 1),
    },
    {
      family: 6,
      to: link === 'default' ? link : `${ipv6Of(link, 1).replace(/1$/, '')}/${PREFIX_LENGTHS.ipv6}`,
      via: ipv6Of(hop, 1),
    },
  ]);
  if (hop < last) {
    routes.push(
      { family: 4, to: 'default', via: ipv4Of(hop + 1, 2) },
      { family: 6, to: 'default', via: ipv6Of(hop + 1, 2) },
    );
  }
  return routes.filter((route) => route.family === 4 || kernel.ipv6);
}

function planSysctls(role: HostRole, firewall: Firewall | null, kernel: { ipv6: boolean }): SysctlPlan[] {
  const forwards = role === 'router' || role === 'firewall';
  const sysctls: Record<string, string> = {
    // New network namespaces take these over from the first one, whatever it has.
    'net.ipv4.conf.all.rp_filter': '0',
    'net.ipv4.conf.default.rp_filter': '0',
    'net.ipv4.ip_forward': forwards ? '1' : '0',
    // No limit to ICMP errors: by default one destination gets six at once and then one a second, and a sweep of the hops needs more.
    'net.ipv4.icmp_ratemask': '0',
    // A connection with unsent data outlives its program, and with it the network namespace: by default for about 100 seconds.
    'net.ipv4.tcp_orphan_retries': '1',
    ...(kernel.ipv6
      ? {
          'net.ipv6.conf.all.disable_ipv6': '0',
          'net.ipv6.conf.default.disable_ipv6': '0',
          'net.ipv6.conf.all.forwarding': forwards ? '1' : '0',
          'net.ipv6.icmp.ratelimit': '0',
          // Addresses can be used at once, and are still there after the link was down.
          'net.ipv6.conf.all.accept_dad': '0',
          'net.ipv6.conf.default.accept_dad': '0',
          'net.ipv6.conf.all.keep_addr_on_down': '1',
          'net.ipv6.conf.default.keep_addr_on_down': '1',
        }
      : {}),
  };
  if (firewall !== null) {
    sysctls['net.netfilter.nf_conntrack_tcp_loose'] = firewall.onExpiry === 'relearn' ? '1' : '0';
    if (firewall.idleTimeoutMs !== null && !firewall.keepaliveBlind) {
      sysctls['net.netfilter.nf_conntrack_tcp_timeout_established'] = String(firewall.idleTimeoutMs / 1000);
    }
  }
  return Object.entries(sysctls).map(([name, value]) => ({ name, value }));
}

/**
 * The `ip -batch` text that gives a host its addresses and routes. It can be repeated: after its links were down it brings back what
 * the kernel threw away.
 */
export function hostBatch(host: HostPlan): string {
  const lines = ['link set dev lo up'];
  for (const { name, ipv4, ipv6 } of host.interfaces) {
    lines.push(`link set dev ${name} up`, `addr replace ${ipv4}/${PREFIX_LENGTHS.ipv4} dev ${name}`);
    if (ipv6 !== null) lines.push(`addr replace ${ipv6}/${PREFIX_LENGTHS.ipv6} dev ${name} nodad`);
  }
  for (const { to, via } of host.routes) lines.push(`route replace ${to} via ${via}`);
  return `${lines.join('\n')}\n`;
}

/** The `ip -batch` text that makes the links; `namespaceOf` names the network namespace of the host at that hop, as a path. */
export function linkBatch(plan: LabPlan, namespaceOf: (hop: number) => string): string {
  return plan.hosts
    .slice(1)
    .map(
      ({ hop }) =>
        `link add name ${TOWARDS_SERVER} netns ${namespaceOf(hop - 1)} type veth peer name ${TOWARDS_CLIENT} netns ${namespaceOf(hop)}\n`,
    )
    .join('');
}

/** The `ip -batch` text that takes a host off the network. */
export function linkDownBatch(host: HostPlan): string {
  return host.interfaces.map(({ name }) => `link set dev ${name} down\n`).join('');
}
