import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { IDLE_TIMEOUT_BOUNDS, type LabOptions, ON_EXPIRY, settle } from '../../../src/commands/lab/options.ts';
import { hostBatch, linkBatch, linkDownBatch, planLab } from '../../../src/commands/lab/plan.ts';

const IPV6 = { ipv6: true };

describe('planLab', () => {
  it.each([
    [{}, ['client', 'router-1', 'firewall-1', 'router-2', 'server']],
    [{ secondFirewall: null }, ['client', 'router-1', 'firewall-1', 'router-2', 'server']],
    [{ secondFirewall: {} }, ['client', 'router-1', 'firewall-1', 'router-2', 'firewall-2', 'router-3', 'server']],
  ] as const)('puts the hosts of %j in the order of their hops', (options, names) => {
    const { hosts } = planLab(options, IPV6);
    expect(hosts.map(({ name }) => name)).toEqual(names);
    expect(hosts.map(({ hop }) => hop)).toEqual(names.map((_, hop) => hop));
  });

  it('gives both ends of a link addresses of one network, and every host a route to every link', () => {
    const { hosts } = planLab({ secondFirewall: {} }, IPV6);
    hosts.slice(1).forEach((host, index) => {
      const left = hosts[index]?.interfaces.at(-1);
      const right = host.interfaces[0];
      expect([left?.name, left?.link, right?.name, right?.link]).toEqual(['toserver', host.hop, 'toclient', host.hop]);
      expect([left?.ipv4, right?.ipv4]).toEqual([`10.9.${host.hop}.1`, `10.9.${host.hop}.2`]);
      expect([left?.ipv6, right?.ipv6]).toEqual([`fd00:9:${host.hop}::1`, `fd00:9:${host.hop}::2`]);
    });
    for (const host of hosts) {
      for (const network of ['10.9', 'fd00:9']) {
        const gateways = host.routes.filter(({ via }) => via.startsWith(network)).map(({ via }) => via);
        const attached = host.interfaces.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6 ?? '']);
        const linked = gateways.map((via) => attached.some((own) => own.slice(0, -1) === via.slice(0, -1)));
        expect(linked).not.toContain(false);
      }
    }
  });

  it('routes what is unknown towards the server, and back from there', () => {
    const { hosts } = planLab({}, { ipv6: false });
    expect(hosts.map(({ name, routes }) => [name, routes.map(({ to, via }) => `${to} ${via}`)])).toEqual([
      ['client', ['default 10.9.1.2']],
      ['router-1', ['default 10.9.2.2']],
      ['firewall-1', ['10.9.1.0/24 10.9.2.1', 'default 10.9.3.2']],
      ['router-2', ['10.9.1.0/24 10.9.3.1', '10.9.2.0/24 10.9.3.1', 'default 10.9.4.2']],
      ['server', ['default 10.9.4.1']],
    ]);
  });

  it('says nothing of IPv6 to a kernel without', () => {
    const options: LabOptions = { firewall: { nat: true, idleTimeoutMs: 5000, keepaliveBlind: true } };
    const plan = planLab(options, { ipv6: false });
    expect(
      plan.hosts.flatMap(({ interfaces }) => interfaces.map(({ ipv6 }) => ipv6)).filter((ipv6) => ipv6 !== null),
    ).toEqual([]);
    const { ruleset: _, ...rest } = plan.hosts[2] ?? {};
    expect(JSON.stringify([rest, ...plan.hosts.map(hostBatch)])).not.toMatch(/fd00|net\.ipv6/);
    expect(plan.hosts[2]?.ruleset).not.toMatch(/fd00|ip6 /);
  });

  it.each([
    [{}, { loose: '0', timeout: undefined }],
    [{ idleTimeoutMs: 6000 }, { loose: '0', timeout: '6' }],
    [
      { idleTimeoutMs: 1_800_000, onExpiry: 'relearn' },
      { loose: '1', timeout: '1800' },
    ],
    [
      { idleTimeoutMs: 6000, keepaliveBlind: true },
      { loose: '0', timeout: undefined },
    ],
  ] as const)('sets conntrack for a firewall %j', (firewall, expected) => {
    const sysctls = new Map(planLab({ firewall }, IPV6).hosts[2]?.sysctls.map(({ name, value }) => [name, value]));
    expect({
      loose: sysctls.get('net.netfilter.nf_conntrack_tcp_loose'),
      timeout: sysctls.get('net.netfilter.nf_conntrack_tcp_timeout_established'),
    }).toEqual(expected);
  });

  it('leaves conntrack out of all hosts but the firewalls', () => {
    const { hosts } = planLab({ secondFirewall: {}, lossPercent: 10 }, IPV6);
    const tracking = hosts.filter(({ ruleset, sysctls }) =>
      /\bct\b|conntrack/.test(`${ruleset} ${JSON.stringify(sysctls)}`),
    );
    expect(tracking.map(({ name }) => name)).toEqual(['firewall-1', 'firewall-2']);
  });

  it('forwards on routers and firewalls only', () => {
    const forwarding = planLab({}, IPV6).hosts.filter(({ sysctls }) =>
      sysctls.some(({ name, value }) => name === 'net.ipv4.ip_forward' && value === '1'),
    );
    expect(forwarding.map(({ name }) => name)).toEqual(['router-1', 'firewall-1', 'router-2']);
  });

  it.each([
    ['drop', 'meta l4proto tcp counter drop'],
    ['reset', 'meta l4proto tcp counter reject with tcp reset'],
    ['icmp', 'meta l4proto tcp counter reject with icmpx type admin-prohibited'],
    ['relearn', 'meta l4proto tcp counter accept'],
  ] as const)('treats a forgotten flow as `%s` says', (onExpiry, rule) => {
    expect(planLab({ firewall: { onExpiry } }, IPV6).hosts[2]?.ruleset).toContain(
      `chain forgotten {\n    ${rule}\n  }`,
    );
  });

  it.each([
    [0, null],
    [20, 'numgen random mod 10000 < 2000 drop'],
    [0.25, 'numgen random mod 10000 < 25 drop'],
    [100, 'numgen random mod 10000 < 10000 drop'],
  ])('loses %f %% in the router next to the client', (lossPercent, rule) => {
    const { hosts } = planLab({ lossPercent }, IPV6);
    if (rule === null) expect(hosts[1]?.ruleset).toBeNull();
    else expect(hosts[1]?.ruleset).toContain(rule);
    expect(hosts.filter(({ ruleset }) => ruleset?.includes('numgen')).length).toBe(rule === null ? 0 : 1);
  });

  it('translates to the address of the firewall that the server sees', () => {
    const { hosts } = planLab({ secondFirewall: { nat: true } }, IPV6);
    expect(hosts[2]?.ruleset).not.toContain('snat');
    expect(hosts[4]?.ruleset).toContain('snat ip to 10.9.5.1 fully-random');
    expect(hosts[4]?.ruleset).toContain('snat ip6 to fd00:9:5::1 fully-random');
  });

  it('has balanced braces in every ruleset', () => {
    const firewall = fc.record({
      idleTimeoutMs: fc.option(
        fc.integer({ min: 1, max: IDLE_TIMEOUT_BOUNDS.max / 1000 }).map((seconds) => seconds * 1000),
      ),
      onExpiry: fc.constantFrom(...ON_EXPIRY.filter((name) => name !== 'relearn')),
      nat: fc.boolean(),
      keepaliveBlind: fc.boolean(),
    });
    const options = fc.record({
      firewall,
      secondFirewall: fc.option(firewall),
      lossPercent: fc.double({ min: 0, max: 100, noNaN: true }),
    });
    fc.assert(
      fc.property(options, fc.boolean(), (chosen, ipv6) => {
        for (const { ruleset } of planLab(chosen, { ipv6 }).hosts) {
          let depth = 0;
          for (const brace of ruleset?.match(/[{}]/g) ?? []) depth += brace === '{' ? 1 : -1;
          expect(depth).toBe(0);
          expect(ruleset ?? '').not.toMatch(/undefined|null|NaN/);
        }
      }),
    );
  });
});

describe('settle', () => {
  it('fills in a firewall that never forgets and loses nothing', () => {
    expect(settle({})).toEqual({
      firewalls: [{ idleTimeoutMs: null, onExpiry: 'drop', nat: false, keepaliveBlind: false }],
      lossPercent: 0,
    });
  });

  it.each([
    [{ lossPercent: -1 }, 'a loss of -1 %'],
    [{ lossPercent: 101 }, 'a loss of 101 %'],
    [{ lossPercent: Number.NaN }, 'a loss of NaN %'],
    [{ firewall: { idleTimeoutMs: 0 } }, 'after 0 ms'],
    [{ firewall: { idleTimeoutMs: 1500 } }, 'after 1500 ms'],
    [{ firewall: { idleTimeoutMs: Number.POSITIVE_INFINITY } }, 'after Infinity ms'],
    [{ secondFirewall: { idleTimeoutMs: Number.NaN } }, 'after NaN ms'],
    [{ firewall: { keepaliveBlind: true, onExpiry: 'relearn' } }, 'blind to keepalive'],
  ] as const)('refuses %j', (options, message) => {
    expect(() => settle(options)).toThrow(UsageError);
    expect(() => settle(options)).toThrow(message);
  });
});

describe('the batches for ip', () => {
  const { hosts } = planLab({}, IPV6);

  it('give a host its addresses and routes, and can be repeated', () => {
    const [client] = hosts;
    expect(client && hostBatch(client)).toBe(
      [
        'link set dev lo up',
        'link set dev toserver up',
        'addr replace 10.9.1.1/24 dev toserver',
        'addr replace fd00:9:1::1/64 dev toserver nodad',
        'route replace default via 10.9.1.2',
        'route replace default via fd00:9:1::2',
        '',
      ].join('\n'),
    );
    expect(hosts.map(hostBatch).join('')).not.toMatch(/ add /);
  });

  it('link each host to the next', () => {
    const batch = linkBatch({ hosts: hosts.slice(0, 3) }, (hop) => `/ns/${hop}`);
    expect(batch).toBe(
      'link add name toserver netns /ns/0 type veth peer name toclient netns /ns/1\n' +
        'link add name toserver netns /ns/1 type veth peer name toclient netns /ns/2\n',
    );
  });

  it('take a host off the network by all its links', () => {
    expect(hosts.slice(0, 2).map(linkDownBatch)).toEqual([
      'link set dev toserver down\n',
      'link set dev toclient down\nlink set dev toserver down\n',
    ]);
  });
});
