import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, type ExpectStatic, expect, it } from 'vitest';
import { CapabilityError, UsageError } from '../../src/base/errors.ts';
import { createLab, type Lab, type LabContext, probeLab } from '../../src/commands/lab/lab.ts';
import { type FirewallOptions, type LabOptions, ON_EXPIRY } from '../../src/commands/lab/options.ts';
import { withAdministration } from '../../src/commands/lab/tools.ts';
import {
  childPids,
  commandLineOf,
  descriptorsOf,
  forgottenCount,
  namespacesOf,
  type Peer,
  startPeer,
  tracesOf,
  until,
} from './helpers.ts';

const PORT = 7000;
const ability = await probeLab();
const inUserNamespace = await probeLab({ privilege: 'user-namespace' });
const hasIpv6 =
  ability.kind === 'available' && (await withLab({}, async ({ server }) => server.addresses.ipv6 !== null));
const lacking = ability.kind === 'available' ? '' : ` (skipped, no lab here: ${ability.reason})`;
const families = [4, ...(hasIpv6 ? [6 as const] : [])] as (4 | 6)[]; // 4 is one of the two, which inference forgets

async function withLab<T>(options: LabOptions, use: (lab: Lab) => Promise<T>, context: LabContext = {}): Promise<T> {
  const lab = await createLab(options, context);
  try {
    return await use(lab);
  } finally {
    await lab.destroy();
  }
}

function addressOf(host: Lab['server'], family: 4 | 6): string {
  const address = family === 4 ? host.addresses.ipv4 : host.addresses.ipv6;
  if (address === null) throw new Error('this kernel has no IPv6');
  return address;
}

/** A server that sends everything back, and a client with a connection `a` to it that has carried data. */
async function connectPeers(lab: Lab, { family = 4 as 4 | 6, keepalive = false } = {}) {
  const server = startPeer(lab.server, 'tcp-server', [String(PORT)]);
  const client = startPeer(lab.client, 'tcp-client');
  await server.next({ event: 'listening' });
  const open = async (id: string) => {
    client.tell({ do: 'connect', id, host: addressOf(lab.server, family), port: PORT, keepalive });
    await client.next({ event: 'connected', id });
    const { from } = await server.next({ event: 'accepted' });
    await converse(client, id);
    return from;
  };
  const from = await open('a');
  return { server, client, open, from };
}

async function converse(client: Peer, id: string): Promise<void> {
  client.tell({ do: 'send', id, text: 'hello' });
  await client.next({ event: 'received', id, text: 'hello' });
}

/** Sends on an idle connection; the segment and a retransmission of it meet the firewall's state, and nothing comes back. */
async function expectSilence(
  expect: ExpectStatic,
  lab: Lab,
  client: Peer,
  id: string,
  firewall = lab.firewall,
): Promise<void> {
  client.tell({ do: 'send', id, text: 'still there?' });
  await until('the firewall drops a retransmission', async () => (await forgottenCount(firewall)) >= 2);
  expect(client.events.filter((event) => event.id === id)).toEqual([]);
}

describe.skipIf(ability.kind !== 'available').concurrent(`the firewall of the lab${lacking}`, () => {
  describe.each(families)('over IPv%i', (family) => {
    it('silently drops a flow that was idle for longer than its timeout, while a fresh connection works', async ({
      expect,
    }) => {
      await withLab({ firewall: { idleTimeoutMs: 2000 } }, async (lab) => {
        const { client, open } = await connectPeers(lab, { family });
        await sleep(3500);
        await expectSilence(expect, lab, client, 'a');
        await open('b');
      });
    });

    it('forwards a flow that was idle for less than its timeout', async ({ expect }) => {
      await withLab({ firewall: { idleTimeoutMs: 10_000 } }, async (lab) => {
        const { client } = await connectPeers(lab, { family });
        await sleep(3000);
        await converse(client, 'a');
        expect(await forgottenCount(lab.firewall)).toBe(0);
      });
    });

    it('answers a forgotten flow with a RST when it resets', async ({ expect }) => {
      await withLab({ firewall: { idleTimeoutMs: 2000, onExpiry: 'reset' } }, async (lab) => {
        const { client } = await connectPeers(lab, { family });
        await sleep(3500);
        client.tell({ do: 'send', id: 'a', text: 'still there?' });
        expect(await client.next({ event: 'failed', id: 'a' })).toMatchObject({ error: 'ECONNRESET' });
      });
    });

    it('answers a forgotten flow with ICMP when it rejects, which leaves the connection waiting', async ({
      expect,
    }) => {
      await withLab({ firewall: { idleTimeoutMs: 2000, onExpiry: 'icmp' } }, async (lab) => {
        const { client } = await connectPeers(lab, { family });
        const counter =
          family === 4
            ? 'icmp type destination-unreachable icmp code admin-prohibited'
            : 'icmpv6 type destination-unreachable';
        await lab.client.nft(
          `table inet seen { chain in { type filter hook input priority 0; policy accept; ${counter} counter\n }\n }\n`,
        );
        await sleep(3500);
        await expectSilence(expect, lab, client, 'a');
        const { stdout } = await lab.client.run(['nft', 'list', 'table', 'inet', 'seen']);
        expect(Number(/packets (\d+)/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(2);
      });
    });

    it('keeps a flow whose keepalive is faster than its timeout', async ({ expect }) => {
      await withLab({ firewall: { idleTimeoutMs: 3000 } }, async (lab) => {
        const { client } = await connectPeers(lab, { family, keepalive: true });
        await sleep(6000);
        await converse(client, 'a');
        expect(await forgottenCount(lab.firewall)).toBe(0);
      });
    });

    it('is not kept from forgetting by keepalive when it is blind to it, but by data', async ({ expect }) => {
      await withLab({ firewall: { idleTimeoutMs: 5000, keepaliveBlind: true } }, async (lab) => {
        const { client, open } = await connectPeers(lab, { family, keepalive: true });
        await open('busy');
        // A second of silence each time, of five: a busy machine may take some seconds more.
        for (let second = 0; second < 7; second += 1) {
          await sleep(1000);
          await converse(client, 'busy');
        }
        await expectSilence(expect, lab, client, 'a');
        await converse(client, 'busy');
      });
    });

    it('learns a forgotten flow again when it is loose', async ({ expect }) => {
      await withLab({ firewall: { idleTimeoutMs: 2000, onExpiry: 'relearn' } }, async (lab) => {
        const { client } = await connectPeers(lab, { family });
        await sleep(3500);
        await converse(client, 'a');
        expect(await forgottenCount(lab.firewall)).toBeGreaterThan(0);
      });
    });

    it('learns a forgotten flow again under a new port when it does NAT, so that the server resets it', async ({
      expect,
    }) => {
      await withLab({ firewall: { idleTimeoutMs: 2000, onExpiry: 'relearn', nat: true } }, async (lab) => {
        const { client, from } = await connectPeers(lab, { family });
        const outside = lab.firewall.interfaces[1];
        expect(from?.address).toBe(family === 4 ? outside?.ipv4 : outside?.ipv6);
        await sleep(3500);
        client.tell({ do: 'send', id: 'a', text: 'still there?' });
        expect(await client.next({ event: 'failed', id: 'a' })).toMatchObject({ error: 'ECONNRESET' });
      });
    });

    it('is silent to both ends when its NAT has forgotten the flow and it drops', async ({ expect }) => {
      await withLab({ firewall: { idleTimeoutMs: 2000, nat: true } }, async (lab) => {
        const { server, client, from } = await connectPeers(lab, { family });
        await sleep(3500);
        server.tell({ do: 'say' });
        await until('the firewall drops what the server says', async () => (await forgottenCount(lab.firewall)) >= 2);
        expect(server.events.filter(({ event }) => event === 'failed' || event === 'closed')).toEqual([]);
        expect(client.events).toEqual([]);
        expect(from).toBeDefined();
      });
    });
  });

  it.for([
    { timeouts: [2000, 20_000], dropper: 0 },
    { timeouts: [20_000, 2000], dropper: 1 },
  ] as const)(
    'drops in the firewall with the shorter timeout of $timeouts',
    async ({ timeouts, dropper }, { expect }) => {
      const options = { firewall: { idleTimeoutMs: timeouts[0] }, secondFirewall: { idleTimeoutMs: timeouts[1] } };
      await withLab(options, async (lab) => {
        const { client } = await connectPeers(lab);
        await sleep(3500);
        await expectSilence(expect, lab, client, 'a', lab.firewalls[dropper]);
        const counts = await Promise.all(lab.firewalls.map(forgottenCount));
        expect(counts[1 - dropper]).toBe(0);
      });
    },
  );
});

describe.skipIf(ability.kind !== 'available').concurrent(`the network of the lab${lacking}`, () => {
  it('is there with every combination of options', async ({ expect }) => {
    const firewalls: FirewallOptions[] = ON_EXPIRY.flatMap((onExpiry) =>
      [true, false].flatMap((nat) =>
        [true, false]
          .filter((keepaliveBlind) => !(keepaliveBlind && onExpiry === 'relearn'))
          .map((keepaliveBlind) => ({ idleTimeoutMs: 60_000, onExpiry, nat, keepaliveBlind })),
      ),
    );
    expect(firewalls).toHaveLength(14);
    for (const firewall of firewalls) {
      await withLab({ firewall, secondFirewall: firewall }, async (lab) => {
        const { code } = await lab.client.run(['ping', '-c', '1', '-W', '5', lab.server.addresses.ipv4]);
        expect({ firewall, code }).toEqual({ firewall, code: 0 });
      });
    }
  });

  it.for(families)(
    'answers an expired TTL at every hop with the address that it states, without a limit (IPv%i)',
    async (family, { expect }) => {
      await withLab({ secondFirewall: {} }, async (lab) => {
        expect(lab.path.map(({ name }) => name)).toEqual([
          'client',
          'router-1',
          'firewall-1',
          'router-2',
          'firewall-2',
          'router-3',
          'server',
        ]);
        for (const host of lab.path.slice(1, -1)) {
          const ping = [
            'ping',
            '-n',
            '-c',
            '20',
            '-i',
            '0.01',
            '-W',
            '1',
            '-t',
            String(host.hop),
            addressOf(lab.server, family),
          ];
          const { stdout } = await lab.client.run(ping);
          const answers = [...stdout.matchAll(/^From (\S+) icmp_seq/gm)].map(([, address]) => address);
          expect(new Set(answers)).toEqual(new Set([addressOf(host, family)]));
          expect(answers.length).toBeGreaterThan(15);
        }
      });
    },
  );

  it('loses about the share of packets that was asked for, in each direction', async ({ expect }) => {
    await withLab({ lossPercent: 20 }, async (lab) => {
      const { stdout } = await lab.client.run([
        'ping',
        '-q',
        '-c',
        '500',
        '-i',
        '0.002',
        '-W',
        '1',
        lab.server.addresses.ipv4,
      ]);
      const received = Number(/(\d+) received/.exec(stdout)?.[1]);
      // 500 · 0.8² = 320 with a standard deviation of 10.7: this is ± 6 of them.
      expect(received).toBeGreaterThan(256);
      expect(received).toBeLessThan(384);
    });
  });

  it('carries TCP in spite of loss', async ({ expect }) => {
    await withLab({ lossPercent: 20 }, async (lab) => {
      // It waits until what the client said has arrived and the answer too.
      await expect(connectPeers(lab)).resolves.toBeDefined();
    });
  });

  it.for(families)(
    'loses a host whose link is down, and has it back when it is up (IPv%i)',
    async (family, { expect }) => {
      await withLab({}, async (lab) => {
        const answers = async (host: Lab['server']) =>
          (await lab.client.run(['ping', '-c', '1', '-W', '1', addressOf(host, family)])).code === 0;
        expect(await answers(lab.server)).toBe(true);
        for (const host of [lab.server, lab.firewall]) {
          await lab.setLink(host, 'down');
          expect(await answers(lab.server)).toBe(false);
          await lab.setLink(host, 'up');
          await until('the server answers again', () => answers(lab.server));
        }
      });
    },
  );

  it('takes rules during a run: one port silent, one rejected, and empty segments dropped', async ({ expect }) => {
    await withLab({}, async (lab) => {
      const { client } = await connectPeers(lab);
      await lab.firewall.nft(`
        add rule inet lab adhoc tcp dport 7001 drop
        add rule inet lab adhoc tcp dport 7002 reject with icmpx type admin-prohibited
        add rule inet lab adhoc tcp flags & (syn | fin | rst) == 0 ip length 52 counter drop
      `);
      client.tell({ do: 'connect', id: 'silent', host: lab.server.addresses.ipv4, port: 7001 });
      client.tell({ do: 'connect', id: 'rejected', host: lab.server.addresses.ipv4, port: 7002 });
      client.tell({ do: 'connect', id: 'probing', host: lab.server.addresses.ipv4, port: PORT, keepalive: true });
      expect(await client.next({ event: 'failed', id: 'rejected' })).toMatchObject({ error: 'EHOSTUNREACH' });
      await client.next({ event: 'connected', id: 'probing' });
      await until('keepalive probes are dropped', async () => {
        const { stdout } = await lab.firewall.run(['nft', 'list', 'chain', 'inet', 'lab', 'adhoc']);
        return Number(/packets (\d+)/.exec(stdout)?.[1]) >= 4;
      });
      expect(client.events.filter(({ id }) => id === 'silent')).toEqual([]);
    });
  });

  it('tells why nft does not take a rule', async ({ expect }) => {
    await withLab({}, async (lab) => {
      const rejected = lab.firewall.nft('add rule inet lab adhoc nonsense\n');
      await expect(rejected).rejects.toThrow(UsageError);
      await expect(rejected).rejects.toThrow(/firewall-1: .*rror/);
    });
  });

  it('is another one for each of two labs at once, with the same addresses', async ({ expect }) => {
    await withLab({}, (one) =>
      withLab({}, async (two) => {
        expect(one.server.addresses).toEqual(two.server.addresses);
        const peers = await Promise.all([connectPeers(one), connectPeers(two)]);
        await one.setLink(one.server, 'down');
        await converse(peers[1].client, 'a');
        expect((await one.client.run(['ping', '-c', '1', '-W', '1', one.server.addresses.ipv4])).code).not.toBe(0);
        expect(new Set([...(await namespacesOf(one.path)), ...(await namespacesOf(two.path))]).size).toBe(10);
      }),
    );
  });

  it('runs programs to their end, and no longer than they may', async ({ expect }) => {
    await withLab({}, async (lab) => {
      expect(await lab.client.run(['cat'], { input: 'text' })).toEqual({
        code: 0,
        signal: null,
        stdout: 'text',
        stderr: '',
      });
      expect((await lab.client.run(['/no/such/program'])).code).toBe(127);
      expect((await lab.client.run(['head', '-c', '3000000', '/dev/zero'])).stdout).toHaveLength(1 << 20);
      await expect(lab.client.run(['sleep', '60'], { timeoutMs: 100 })).rejects.toMatchObject({ errno: 'ETIMEDOUT' });
      const reason = new Error('enough');
      await expect(lab.client.run(['sleep', '60'], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });
  });
});

describe.skipIf(inUserNamespace.kind !== 'available')(
  `the lab in a user namespace${inUserNamespace.kind === 'available' ? '' : ` (skipped: ${inUserNamespace.reason})`}`,
  () => {
    it('forgets as it does for root', async () => {
      const options = { firewall: { idleTimeoutMs: 2000 } };
      await withLab(
        options,
        async (lab) => {
          expect(lab.privilege).toBe('user-namespace');
          const { client } = await connectPeers(lab);
          await sleep(3500);
          await expectSilence(expect, lab, client, 'a');
        },
        { privilege: 'user-namespace' },
      );
    });
  },
);

describe.skipIf(ability.kind !== 'available')(`what is left of the lab${lacking}`, () => {
  let folder = '';
  let ownerFile = '';
  /** Those of the test runner's own. */
  let otherPids: number[] = [];
  const labPids = () => childPids().filter((pid) => !otherPids.includes(pid));

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kaprobe-lab-'));
    chmodSync(folder, 0o755);
    ownerFile = join(folder, 'lab-owner.cjs');
    const entry = fileURLToPath(new URL('peers/lab-owner.ts', import.meta.url));
    await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'cjs', outfile: ownerFile });
    otherPids = childPids();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts a program that owns a lab, as the leader of a process group; resolves when the lab stands. */
  async function startOwner(prefix: string[] = []) {
    const [file = '', ...rest] = [...prefix, process.execPath, ownerFile];
    const owner = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    const [line] = await once(createInterface({ input: owner.stdout }), 'line');
    const told: { privilege: string; namespaces: string[]; pingCode: number } = JSON.parse(line);
    if (owner.pid === undefined) throw new Error('it has told something');
    return { owner, pid: owner.pid, ...told };
  }

  it('after destroy is nothing, though a program in it had made itself independent', async () => {
    const lab = await createLab();
    const namespaces = await namespacesOf(lab.path);
    lab.server.spawn(['sleep', '600'], { stdio: 'ignore' });
    await lab.client.run(['setsid', '--fork', 'sleep', '600']);
    expect(tracesOf(namespaces).filter(({ by }) => by === 'running')).toHaveLength(2);
    await lab.destroy();
    await lab.destroy();
    expect(tracesOf(namespaces)).toEqual([]);
    expect(labPids()).toEqual([]);
    expect(() => lab.client.spawn(['true'])).toThrow(UsageError);
    await expect(lab.client.run(['true'])).rejects.toThrow(UsageError);
  });

  it('after leaving the block that uses it is nothing', async () => {
    let namespaces: string[] = [];
    {
      await using lab = await createLab();
      namespaces = await namespacesOf(lab.path);
      expect(tracesOf(namespaces)).not.toEqual([]);
    }
    expect(tracesOf(namespaces)).toEqual([]);
  });

  it('after destroy is nothing, though its guard was killed', async () => {
    const lab = await createLab();
    const namespaces = await namespacesOf(lab.path);
    await lab.client.run(['setsid', '--fork', 'sleep', '600']);
    const guards = tracesOf(namespaces).filter(({ pid, by }) => by === 'descriptor' && pid !== process.pid);
    expect(guards).toHaveLength(1);
    for (const { pid } of guards) process.kill(pid, 'SIGKILL');
    await lab.destroy();
    expect(tracesOf(namespaces)).toEqual([]);
  });

  it.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)('after its owner got %s is nothing', async (signal) => {
    const { pid, namespaces, pingCode } = await startOwner();
    expect(pingCode).toBe(0);
    expect(new Set(namespaces).size).toBe(5);
    expect(tracesOf(namespaces).filter(({ by }) => by === 'running').length).toBeGreaterThanOrEqual(2);
    process.kill(signal === 'SIGINT' ? -pid : pid, signal); // Ctrl-C goes to the whole group
    await until('nothing is left', () => tracesOf(namespaces).length === 0);
  });

  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const [become = '', ...how] = [
    ...asNobody,
    'unshare',
    '--user',
    '--map-root-user',
    '--net',
    process.execPath,
    '--version',
  ];
  const hasOrdinaryUser = process.geteuid?.() === 0 && spawnSync(become, how).status === 0;
  it.skipIf(!hasOrdinaryUser)(
    'after an ordinary user was killed is nothing (needs root to become one, and user namespaces)',
    async () => {
      const { pid, privilege, namespaces, pingCode } = await startOwner(asNobody);
      expect({ privilege, pingCode }).toEqual({ privilege: 'user-namespace', pingCode: 0 });
      expect(tracesOf(namespaces).filter(({ by }) => by === 'running').length).toBeGreaterThanOrEqual(2);
      process.kill(pid, 'SIGKILL');
      await until('nothing is left', () => tracesOf(namespaces).length === 0);
    },
  );

  describe('after a set-up that fails', () => {
    const withNft = (script: string) => {
      const bin = mkdtempSync(join(folder, 'bin-'));
      writeFileSync(join(bin, 'nft'), script, { mode: 0o755 });
      const { PATH } = process.env;
      return `${bin}:${withAdministration(PATH)}`;
    };
    const expectNothing = () => {
      expect(labPids()).toEqual([]);
      expect(descriptorsOf(process.pid).filter((link) => /^(net|user):/.test(link))).toEqual([]);
    };

    it('half-way is nothing, and the error says which step it was', async () => {
      const searchPath = withNft('#!/bin/sh\necho "no such kernel" >&2\nexit 1\n');
      const failing = createLab({}, { searchPath });
      await expect(failing).rejects.toThrow(CapabilityError);
      await expect(failing).rejects.toThrow(/nft failed for firewall-1: no such kernel/);
      expectNothing();
    });

    it('because it was aborted is nothing', async () => {
      const abort = new AbortController();
      const creating = createLab({}, { searchPath: withNft('#!/bin/sh\nexec sleep 600\n'), signal: abort.signal });
      creating.catch(() => {});
      await until('the set-up hangs', () => {
        const [pid, ...others] = labPids();
        return pid !== undefined && others.length === 0 && commandLineOf(pid).startsWith('sleep');
      });
      const reason = new Error('Ctrl-C');
      abort.abort(reason);
      await expect(creating).rejects.toBe(reason);
      expectNothing();
    });
  });
});
