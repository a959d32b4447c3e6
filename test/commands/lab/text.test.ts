import { describe, expect, test } from 'vitest';
import type { DemonstratedTarget, LabData, LabFirewall } from '../../../src/commands/lab/report.ts';
import { view } from '../../../src/commands/lab/text.ts';
import type { Dropper, Survival, SurvivalOutcome } from '../../../src/connections/observation.ts';
import { bodyOf } from '../../rooms.ts';

const FIREWALL: LabFirewall = { idleTimeoutMs: 5000, onExpiry: 'drop', nat: false, keepaliveBlind: false };
const TARGET = '10.9.4.2:7000';

function survivalOf(silent: SurvivalOutcome, keepalive: SurvivalOutcome): Survival {
  const arm = {
    idledForMs: 7000,
    atMs: 15_000,
    unprovoked: false,
    error: null,
    probeCount: 14,
    tcpInfo: null,
    detail: '',
  };
  return {
    askedForMs: 7000,
    arms: [
      { ...arm, arm: 'silent', outcome: silent },
      { ...arm, arm: 'keepalive', outcome: keepalive },
    ],
    cause: 'middlebox',
    freshConnect: 'connected',
    conclusion: 'keepalive at 2 s saves this connection: without it a middlebox ends it within 7 s',
    falseStallProbability: 6.1e-7,
  };
}

function targetWith(survival: Survival | null, dropper: Dropper | null): DemonstratedTarget {
  return { target: TARGET, connect: { kind: survival === null ? 'timed-out' : 'connected' }, survival, dropper };
}

function networkOf(addresses: readonly string[], firewall: LabFirewall = FIREWALL): LabData['network'] {
  return addresses.map((address, hop) => {
    if (hop === 0) return { name: 'client', role: 'client', hop, address, firewall: null };
    if (hop === addresses.length - 1) return { name: 'server', role: 'server', hop, address, firewall: null };
    return hop % 2 === 0
      ? { name: `firewall-${hop / 2}`, role: 'firewall', hop, address, firewall }
      : { name: `router-${(hop + 1) / 2}`, role: 'router', hop, address, firewall: null };
  });
}

function dataWith(changes: Partial<LabData>, target: DemonstratedTarget | null = null): LabData {
  return {
    privilege: 'user-namespace',
    network: networkOf(['10.9.1.1', '10.9.1.2', '10.9.2.2', '10.9.3.2', '10.9.4.2']),
    lossPercent: 0,
    target: TARGET,
    command: ['kaprobe', 'check', TARGET, '--survive', '7s', '--idle', '2s', '--interval', '1s', '--count', '8'],
    demonstration: target === null ? null : { targets: [target] },
    found: [],
    forgetful: { name: 'firewall-1', address: '10.9.2.2', hop: 2 },
    namedRight: null,
    fix: null,
    ...changes,
  };
}

const DROPPER: Dropper = {
  hop: 3,
  address: '10.9.3.2',
  lastAnsweringHop: 2,
  lastAnsweringAddress: '10.9.2.2',
  hops: [],
  doubt: '',
};
const STALLED = targetWith(survivalOf('stalled', 'alive'), DROPPER);
const textOf = (data: LabData): string =>
  bodyOf(view, data)
    .map((block) => block.join('\n'))
    .join('\n\n');

describe('viewLab', () => {
  test('draws the network, says what was done and became of it, names the box beside the truth, and the fix', () => {
    const data = dataWith({ namedRight: true, fix: ['setsockopt(…);'] }, STALLED);
    expect(bodyOf(view, data)).toEqual([
      [
        'client --- router-1 - FIREWALL-1 - router-2 - server',
        '10.9.1.1   10.9.1.2   10.9.2.2     10.9.3.2   10.9.4.2',
        'firewall-1 forgets a connection after 5 s without packets and drops what comes',
        'then without a word.',
      ],
      [
        'This network stood on this machine, in a user namespace, without any rights, and',
        'is gone. On its client kaprobe ran',
        '  kaprobe check 10.9.4.2:7000 --survive 7s --idle 2s --interval 1s --count 8',
      ],
      [
        'What became of the connections after 7 s without data',
        '  silent       x stalled',
        '  keepalive    + alive',
        '  keepalive at 2 s saves this connection: without it a middlebox ends it within',
        '  7 s',
      ],
      [
        'The box that drops the stalled connection  + right',
        '  named     hop 2, 10.9.2.2, or just behind it hop 3, 10.9.3.2',
        '  in truth  firewall-1: hop 2, 10.9.2.2',
      ],
      ['What helped, as lines for your own program', '    setsockopt(…);'],
      [
        'For a program of your own in such a network: kaprobe lab -- COMMAND, which finds',
        'the server in KAPROBE_LAB_TARGET.',
      ],
    ]);
  });

  test('says so when another box was named', () => {
    expect(textOf(dataWith({ namedRight: false }, STALLED))).toContain('stalled connection  x wrong\n');
  });

  test('says so when a stalled connection led to no box', () => {
    const text = textOf(dataWith({}, targetWith(survivalOf('stalled', 'alive'), null)));
    expect(text).toContain('stalled connection  ? not named\n  named     none\n  in truth  firewall-1');
  });

  test.each(['reset', 'closed', 'alive', 'unmeasured'] as const)(
    'looks for no box when the outcome is %s',
    (outcome) => {
      const text = textOf(dataWith({}, targetWith(survivalOf(outcome, 'alive'), null)));
      expect(text).toContain('No connection was dropped in silence, so no box was looked for.');
      expect(text).not.toContain('in truth');
      expect(text).toContain(outcome === 'unmeasured' ? '? not measured' : outcome);
    },
  );

  test('says what kept the connections from idling', () => {
    expect(textOf(dataWith({}, targetWith(null, null)))).toContain('No connection idled: 10.9.4.2:7000 was timed-out');
  });

  test('shows the network though the check did not come to an end', () => {
    const blocks = bodyOf(view, dataWith({})).filter((lines) => lines.length > 0);
    expect(blocks).toHaveLength(3);
  });

  test.each<[changes: Partial<LabFirewall>, words: string]>([
    [{ onExpiry: 'reset' }, 'answers what comes then with a RST'],
    [{ onExpiry: 'icmp' }, 'answers what comes then with an ICMP error'],
    [{ onExpiry: 'relearn' }, 'takes what comes then for a new connection'],
    [{ nat: true }, 'it puts its own address in place of the client'],
    [{ keepaliveBlind: true }, 'after 5 s without payload (empty segments do not count)'],
    [{ idleTimeoutMs: null }, 'firewall-1 does not forget'],
  ])('says of a firewall with %o: %s', (changes, words) => {
    const network = networkOf(['10.9.1.1', '10.9.1.2', '10.9.2.2', '10.9.3.2', '10.9.4.2'], {
      ...FIREWALL,
      ...changes,
    });
    expect(textOf(dataWith({ network })).replaceAll('\n', ' ')).toContain(words);
  });

  test('says how much is lost', () => {
    expect(textOf(dataWith({ lossPercent: 10 }))).toContain('router-1 loses 10 % of all packets, in each direction.');
  });

  test('draws two firewalls in one row of 80 columns', () => {
    const addresses = Array.from({ length: 7 }, (_, hop) => `10.9.${Math.max(hop, 1)}.2`);
    const [drawn = []] = bodyOf(view, dataWith({ network: networkOf(addresses) }));
    expect(drawn[0]).toBe('client --- router-1 - FIREWALL-1 - router-2 - FIREWALL-2 - router-3 - server');
    expect(drawn[1]).toMatch(/^10\.9\.1\.2 .* 10\.9\.6\.2$/);
  });

  test('breaks the drawing of a long path, between hosts, so that it fits', () => {
    const addresses = Array.from({ length: 7 }, (_, hop) => `fd00:9:${Math.max(hop, 1)}::2`);
    const [drawn = []] = bodyOf(view, dataWith({ network: networkOf(addresses) }));
    expect(drawn.slice(0, 4)).toEqual([
      'client ------ router-1 ---- FIREWALL-1 -- router-2 ---- FIREWALL-2 --',
      'fd00:9:1::2   fd00:9:1::2   fd00:9:2::2   fd00:9:3::2   fd00:9:4::2',
      'router-3 ---- server',
      'fd00:9:5::2   fd00:9:6::2',
    ]);
  });

  test('fits 80 columns', () => {
    const data = dataWith({ namedRight: true, fix: ['x'], lossPercent: 12.5 }, STALLED);
    expect(
      Math.max(
        ...bodyOf(view, data)
          .flat()
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
  });
});
