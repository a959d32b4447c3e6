import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, type ExpectStatic, expect, it } from 'vitest';
import { createLab, type Lab, type LabHost, probeLab } from '../../src/commands/lab/lab.ts';
import type { LabOptions } from '../../src/commands/lab/options.ts';
import { type Peer, startPeer } from './helpers.ts';
import type { Located } from './peers/locator.ts';

const PORT = 7000;
const FORGETS = { idleTimeoutMs: 2000 };
/** Until the firewall has forgotten; conntrack's own clock may be a second late. */
const IDLE_MS = 3500;
const ability = await probeLab();
const hasIpv6 = ability.kind === 'available' && (await withLab({}, async (lab) => lab.server.addresses.ipv6 !== null));
const lacking = ability.kind === 'available' ? '' : ` (skipped, no lab here: ${ability.reason})`;
const families = [4, ...(hasIpv6 ? [6 as const] : [])] as (4 | 6)[]; // 4 is one of the two, which inference forgets

async function withLab<T>(options: LabOptions, use: (lab: Lab, server: Peer) => Promise<T>): Promise<T> {
  const lab = await createLab(options);
  try {
    const server = startPeer(lab.server, 'tcp-server', [String(PORT)]);
    await server.next({ event: 'listening' });
    return await use(lab, server);
  } finally {
    await lab.destroy();
  }
}

function addressOf(host: LabHost, family: 4 | 6): string {
  const address = family === 4 ? host.addresses.ipv4 : host.addresses.ipv6;
  if (address === null) throw new Error('this kernel has no IPv6');
  return address;
}

describe.skipIf(ability.kind !== 'available').concurrent(`the hop that drops a stalled connection${lacking}`, () => {
  let folder = '';
  let program = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kaprobe-locate-'));
    chmodSync(folder, 0o755);
    symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'));
    program = join(folder, 'locator.cjs');
    const entry = fileURLToPath(new URL('peers/locator.ts', import.meta.url));
    const bundled = { bundle: true, platform: 'node' as const, format: 'cjs' as const, external: ['koffi'] };
    await build({ entryPoints: [entry], outfile: program, ...bundled });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  interface Circumstances {
    family?: 4 | 6;
    idleMs?: number;
    abortAfterMs?: number;
    obstacle?: 'pending' | 'locked';
    as?: string[];
  }

  async function locate(lab: Lab, circumstances: Circumstances = {}): Promise<Located> {
    const { family = 4, idleMs = IDLE_MS, abortAfterMs = 0, obstacle, as = [] } = circumstances;
    const args = [
      addressOf(lab.server, family),
      PORT,
      idleMs,
      abortAfterMs,
      ...(obstacle === undefined ? [] : [obstacle]),
    ];
    const { stdout, stderr } = await lab.client.run([...as, process.execPath, program, ...args.map(String)], {
      timeoutMs: 90_000,
    });
    if (stdout === '') throw new Error(`it told nothing, but: ${stderr}`);
    const located: Located = JSON.parse(stdout);
    expect(located).toMatchObject({ stalled: true, descriptorsLeft: 0, restored: true });
    return located;
  }

  /** The firewalls of the lab answer a used-up TTL themselves, as Linux does: they are the last that answer. */
  function expectNamed(
    expect: ExpectStatic,
    { dropper, error }: Located,
    lab: Lab,
    box: LabHost,
    family: 4 | 6 = 4,
  ): void {
    const behind = lab.path[box.hop + 1];
    if (behind === undefined) throw new Error('a box has a hop behind it');
    expect({ error, ...dropper }).toMatchObject({
      error: null,
      lastAnsweringHop: box.hop,
      lastAnsweringAddress: addressOf(box, family),
      hop: behind.hop,
      address: addressOf(behind, family),
    });
    const hops = dropper?.hops ?? [];
    expect(hops.map(({ address }) => address)).toEqual(lab.path.slice(1).map((host) => addressOf(host, family)));
    for (const { hop, flowAnswered } of hops) expect([null, hop <= box.hop]).toContain(flowAnswered);
  }

  /** Whatever is named, the truth must be in it. */
  function expectNotWrong({ dropper }: Located, box: LabHost): void {
    if (dropper === null) throw new Error('nothing was told');
    const { hop, lastAnsweringHop } = dropper;
    expect(lastAnsweringHop ?? 0, JSON.stringify(dropper)).toBeLessThanOrEqual(box.hop);
    if (hop !== null) expect(hop, JSON.stringify(dropper)).toBeGreaterThanOrEqual(box.hop);
  }

  /** From now on a host sends no "time exceeded". */
  const silence = (host: LabHost): Promise<void> =>
    host.nft(`
      table inet mute {
        chain out {
          type filter hook output priority filter; policy accept;
          icmp type time-exceeded drop
          icmpv6 type time-exceeded drop
        }
      }
    `);

  describe.each(families)('over IPv%i', (family) => {
    it('is the firewall that forgot it, found within seconds', async ({ expect }) => {
      await withLab({ firewall: FORGETS }, async (lab) => {
        const located = await locate(lab, { family });
        expectNamed(expect, located, lab, lab.firewall, family);
        expect(located.dropper?.doubt).toMatch(/hop 3, which was silent to all of \d+ segments/);
        expect(located.durationMs).toBeLessThan(6000); // on a machine that has other work
      });
    });

    it('is found by bytes of payload when another process holds the lock that probes need', async ({ expect }) => {
      await withLab({ firewall: FORGETS }, async (lab) => {
        expectNamed(expect, await locate(lab, { family, obstacle: 'locked' }), lab, lab.firewall, family);
      });
    });

    it('is never a wrong one when data is unacknowledged, so that the kernel sends no probes', async ({ expect }) => {
      await withLab({ firewall: FORGETS }, async (lab) => {
        const located = await locate(lab, { family, obstacle: 'pending' });
        expectNotWrong(located, lab.firewall);
        expect(located.dropper?.lastAnsweringAddress).toBe(addressOf(lab.firewall, family));
      });
    });

    it('is the firewall that rejects it with ICMP, which is no answer to a used-up TTL', async ({ expect }) => {
      await withLab({ firewall: { ...FORGETS, onExpiry: 'icmp' } }, async (lab) => {
        const [probes, bytes] = await Promise.all([
          locate(lab, { family }),
          locate(lab, { family, obstacle: 'pending' }),
        ]);
        expectNamed(expect, probes, lab, lab.firewall, family);
        expectNotWrong(bytes, lab.firewall);
        expect(probes.dropper?.doubt).toMatch(/rejected/);
      });
    });

    it('is the firewall that has forgotten its NAT', async ({ expect }) => {
      await withLab({ firewall: { ...FORGETS, nat: true } }, async (lab) => {
        expectNamed(expect, await locate(lab, { family }), lab, lab.firewall, family);
      });
    });

    it.for([
      { timeouts: [2000, 20_000], dropper: 0 },
      { timeouts: [20_000, 2000], dropper: 1 },
    ] as const)(
      'is that of two firewalls whose timeout is the shorter of $timeouts',
      async ({ timeouts, dropper }, { expect }) => {
        const options = { firewall: { idleTimeoutMs: timeouts[0] }, secondFirewall: { idleTimeoutMs: timeouts[1] } };
        await withLab(options, async (lab) => {
          expectNamed(expect, await locate(lab, { family }), lab, lab.firewalls[dropper] ?? lab.server, family);
        });
      },
    );

    it('is blurred by hops that send no ICMP, and never wrong', async ({ expect }) => {
      const blurred = async (muteHop: number) =>
        await withLab({ firewall: FORGETS }, async (lab) => {
          await silence(lab.path[muteHop] ?? lab.client);
          const located = await locate(lab, { family });
          expectNotWrong(located, lab.firewall);
          return [located.dropper?.lastAnsweringHop, located.dropper?.hop];
        });
      const bounds = await Promise.all([1, 2, 3].map(blurred));
      expect(bounds).toEqual([
        [2, 3],
        [1, 3],
        [2, 4],
      ]);
    });

    it('is never a wrong one when a fifth of all packets is lost', async ({ expect }) => {
      await withLab({ firewall: { idleTimeoutMs: 4000 }, lossPercent: 20 }, async (lab) => {
        const all = await Promise.all(Array.from({ length: 5 }, () => locate(lab, { family, idleMs: 6000 })));
        for (const located of all) expectNotWrong(located, lab.firewall);
        const named = all.filter(({ dropper }) => dropper?.lastAnsweringAddress === addressOf(lab.firewall, family));
        expect(named.length).toBeGreaterThanOrEqual(4);
      });
    });

    it('is found for several connections at once by hops that limit their answers as Linux does by default', async ({
      expect,
    }) => {
      await withLab({ firewall: FORGETS }, async (lab) => {
        const limits = ['net.ipv4.icmp_ratemask=6168', 'net.ipv6.icmp.ratelimit=1000'];
        for (const host of lab.path) await host.run(['sysctl', '-q', '-w', ...limits]);
        const all = await Promise.all([1, 2, 3].map(() => locate(lab, { family })));
        for (const located of all) expectNamed(expect, located, lab, lab.firewall, family);
      });
    });
  });

  it('is the target or nothing when every hop before it forwards the flow', async ({ expect }) => {
    await withLab({}, async (lab, server) => {
      const locating = locate(lab);
      await server.next({ event: 'received' }, 30_000);
      await sleep(500); // for the acknowledgement of the echo, which nothing tells of
      await lab.server.nft(`
        table inet deaf {
          chain in {
            type filter hook input priority filter; policy accept;
            tcp flags & (syn | ack) == ack drop
          }
        }
      `);
      const { dropper } = await locating;
      expect(dropper).toMatchObject({
        lastAnsweringHop: lab.server.hop - 1,
        hop: lab.server.hop,
        address: lab.server.addresses.ipv4,
        doubt: expect.stringContaining('every hop that can be compared answers for the flow'),
      });
    });
  });

  it('is nothing when no hop sends ICMP', async ({ expect }) => {
    await withLab({ firewall: FORGETS }, async (lab) => {
      await Promise.all(lab.path.slice(1, -1).map(silence));
      const { dropper } = await locate(lab);
      expect(dropper).toMatchObject({
        hop: null,
        address: null,
        lastAnsweringHop: null,
        lastAnsweringAddress: null,
        doubt: expect.stringContaining('nothing to compare'),
      });
    });
  });

  it('is found without leaving a connection at either end', async ({ expect }) => {
    await withLab({ firewall: FORGETS }, async (lab) => {
      expectNamed(expect, await locate(lab), lab, lab.firewall);
      const statesAt = async (host: LabHost): Promise<string[]> => {
        const { stdout } = await host.run(['cat', '/proc/net/tcp', '/proc/net/tcp6']);
        const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
        const port = PORT.toString(16).toUpperCase();
        return rows.flatMap(([, local, remote, state = '']) =>
          local?.endsWith(`:${port}`) || remote?.endsWith(`:${port}`) ? [state] : [],
        );
      };
      expect(await statesAt(lab.client)).toEqual([]);
      // Listening, and the one that the firewall has cut off.
      expect((await statesAt(lab.server)).toSorted()).toEqual(['01', '0A']);
    });
  });

  it('is no longer looked for once that is aborted', async ({ expect }) => {
    await withLab({ firewall: FORGETS }, async (lab) => {
      await silence(lab.firewall); // so that it takes some seconds
      const { error, durationMs } = await locate(lab, { abortAfterMs: 300 });
      expect(error).toBe('AbortError');
      expect(durationMs).toBeLessThan(2000); // not the seconds that it takes, on a machine that has other work
    });
  });

  it('is found by an ordinary user', async ({ expect, skip }) => {
    if (process.geteuid?.() !== 0) return skip('needs root to become another user');
    await withLab({ firewall: FORGETS }, async (lab) => {
      const as = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all'];
      const readable = await lab.client.run([
        ...as,
        process.execPath,
        '--eval',
        `require('${folder}/node_modules/koffi')`,
      ]);
      if (readable.code !== 0) return skip('needs a working copy that other users may read');
      const located = await locate(lab, { as });
      expect(located.uid).toBe(65534);
      expectNamed(expect, located, lab, lab.firewall);
    });
  });
});
