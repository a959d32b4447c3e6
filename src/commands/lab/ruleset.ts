import type { Firewall } from './options.ts';

/** The interface of a host on the side of the client. */
export const TOWARDS_CLIENT = 'toclient';
/** The interface of a host on the side of the server. */
export const TOWARDS_SERVER = 'toserver';

const FIRST_SYN = 'tcp flags & (fin | syn | rst | ack) == syn';

const VERDICTS = {
  drop: 'drop',
  reset: 'reject with tcp reset',
  icmp: 'reject with icmpx type admin-prohibited',
  relearn: 'accept',
} as const satisfies Record<Firewall['onExpiry'], string>;

/** The addresses that a firewall's NAT puts in place of the sender's. */
export interface NatAddresses {
  ipv4: string;
  ipv6: string | null;
}

/**
 * The nftables ruleset of a stateful firewall, in the syntax of `nft -f`. Its table is `inet lab`. The empty chain `adhoc` comes first
 * for every forwarded packet, so rules can be added to it during a run; conntrack has seen the packet by then.
 *
 * A flow is let in only by a SYN; a segment of a flow that conntrack does not know meets `onExpiry`. `relearn` lets in any segment
 * (and needs nf_conntrack_tcp_loose=1). The counter in the chain `forgotten` tells how many such segments came. Echo requests and UDP
 * pass.
 */
export function firewallRuleset(firewall: Firewall, nat: NatAddresses): string {
  const verdict = VERDICTS[firewall.onExpiry];
  const blindForMs = firewall.keepaliveBlind ? firewall.idleTimeoutMs : null;
  return [
    'table inet lab {',
    '  chain adhoc {',
    '  }',
    ...(blindForMs === null ? [] : blindChains(blindForMs, nat.ipv6 !== null)),
    '  chain forgotten {',
    `    meta l4proto tcp counter ${verdict}`,
    '  }',
    '  chain forward {',
    '    type filter hook forward priority filter; policy drop;',
    '    jump adhoc',
    ...(blindForMs === null ? [] : ['    meta l4proto tcp jump blind']),
    '    ct state established,related accept',
    `    ${FIRST_SYN} ct state new accept`,
    '    icmp type echo-request accept',
    '    icmpv6 type echo-request accept',
    '    meta l4proto udp accept',
    '    goto forgotten',
    '  }',
    ...(firewall.nat ? natChains(firewall, nat) : []),
    '}',
    '',
  ].join('\n');
}

/** The ruleset of a router that loses packets by chance, without any state; null when it loses nothing. */
export function lossRuleset(lossPercent: number): string | null {
  const perTenThousand = Math.round(lossPercent * 100);
  if (perTenThousand === 0) return null;
  return [
    'table inet lab {',
    '  chain forward {',
    '    type filter hook forward priority filter; policy accept;',
    `    numgen random mod 10000 < ${perTenThousand} drop`,
    '  }',
    '}',
    '',
  ].join('\n');
}

function natChains(firewall: Firewall, nat: NatAddresses): string[] {
  return [
    '  chain postrouting {',
    '    type nat hook postrouting priority srcnat; policy accept;',
    // A random port, because the old one would often be free again, and a flow learned again would then go on as if nothing had been.
    `    oifname "${TOWARDS_SERVER}" snat ip to ${nat.ipv4} fully-random`,
    ...(nat.ipv6 === null ? [] : [`    oifname "${TOWARDS_SERVER}" snat ip6 to ${nat.ipv6} fully-random`]),
    '  }',
    // Without its mapping, what the server sends is addressed to this host itself, whose own TCP would answer with a RST.
    ...(firewall.onExpiry === 'relearn'
      ? []
      : [
          '  chain input {',
          '    type filter hook input priority filter; policy accept;',
          `    iifname "${TOWARDS_SERVER}" meta l4proto tcp ct state != established goto forgotten`,
          '  }',
        ]),
  ];
}

/**
 * conntrack restarts its timer for every packet, so the state is kept in a set with timeouts instead, which only the first SYN and
 * segments with payload restart. A flow is written as the client sends it, in both directions.
 */
function blindChains(idleTimeoutMs: number, ipv6: boolean): string[] {
  const families = [
    { set: 'flows4', type: 'ipv4_addr', nfproto: 'ipv4', ip: 'ip', fixedHeaderBytes: 20 },
    ...(ipv6 ? [{ set: 'flows6', type: 'ipv6_addr', nfproto: 'ipv6', ip: 'ip6', fixedHeaderBytes: 0 }] : []),
  ];
  const lines = families.flatMap(({ set, type, ip, fixedHeaderBytes }) => {
    const directions = [
      { name: 'out', key: `${ip} saddr . tcp sport . ${ip} daddr . tcp dport` },
      { name: 'in', key: `${ip} daddr . tcp dport . ${ip} saddr . tcp sport` },
    ];
    return [
      `  set ${set} {`,
      `    type ${type} . inet_service . ${type} . inet_service`,
      '    size 65536',
      '    flags dynamic,timeout',
      `    timeout ${idleTimeoutMs / 1000}s`,
      '  }',
      // The length of the packet is that of the headers: exact as long as there are no IP options or extension headers.
      `  chain empty_${set} {`,
      ...Array.from({ length: 11 }, (_, index) => index + 5).map(
        (words) => `    tcp doff ${words} ${ip} length ${fixedHeaderBytes + 4 * words} accept`,
      ),
      '  }',
      ...directions.flatMap(({ name, key }) => [
        `  chain ${name}_${set} {`,
        `    ${FIRST_SYN} update @${set} { ${key} } accept`,
        `    ${key} != @${set} goto forgotten`,
        `    jump empty_${set}`,
        `    update @${set} { ${key} } accept`,
        '  }',
      ]),
    ];
  });
  return [
    ...lines,
    '  chain blind {',
    ...families.flatMap(({ set, nfproto }) => [
      `    meta nfproto ${nfproto} iifname "${TOWARDS_CLIENT}" goto out_${set}`,
      `    meta nfproto ${nfproto} iifname "${TOWARDS_SERVER}" goto in_${set}`,
    ]),
    '  }',
  ];
}
