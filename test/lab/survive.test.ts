import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { CheckedTarget } from '../../src/commands/check/report.ts';
import type { ReportOf } from '../../src/commands/index.ts';
import { createLab, type Lab, probeLab } from '../../src/commands/lab/lab.ts';
import type { LabOptions } from '../../src/commands/lab/options.ts';
import type { SurvivalArm } from '../../src/connections/observation.ts';

import { findServer, startNginx } from '../real-servers.ts';
import { type Peer, runToEnd, startPeer, until } from './helpers.ts';

const PORT = 7000;
const PROGRAM = fileURLToPath(new URL('../../bin/kaprobe.js', import.meta.url));
const ability = await probeLab();
const nginx = findServer('nginx');
const lacking = ability.kind === 'available' ? '' : ` (skipped, no lab here: ${ability.reason})`;

/** Each scenario is held against this many independent sets of connections, on IPv4 and on IPv6 where there is one. */
const REPETITIONS = 3;

/** One line of the table of what must hold. */
interface Scenario {
  title: string;
  lab: LabOptions;
  /** Arguments of check besides `--survive`, `--idle 2s --interval 1s --count 3` unless it says otherwise. */
  args?: string[];
  surviveS: number;
  /** What happens in the network while the connections idle. */
  event?: (lab: Lab, sink: { pid?: number | undefined }) => Promise<void> | void;
  closeAfterMs?: number;
  silent: SurvivalArm['outcome'][];
  keepalive: SurvivalArm['outcome'][];
  cause: string;
  rules: string[];
  /** Findings that may come beside those. */
  mayAlso?: string[];
  /** Which of the lab's firewalls the report must name; null: none, since nothing stalled. */
  dropper?: number | null;
}

const KEEPALIVE = ['--idle', '2s', '--interval', '1s', '--count', '3'];
const SLOW_KEEPALIVE = ['--idle', '20s', '--interval', '1s', '--count', '3'];

const SCENARIOS: Scenario[] = [
  {
    title: 'a firewall that forgets after 5 s and drops',
    lab: { firewall: { idleTimeoutMs: 5000 } },
    surviveS: 8,
    silent: ['stalled'],
    keepalive: ['alive'],
    cause: 'middlebox',
    rules: ['path-drops-idle', 'dropper-named', 'keepalive-saves'],
    dropper: 0,
  },
  {
    title: 'a firewall that forgets after 5 s and resets',
    lab: { firewall: { idleTimeoutMs: 5000, onExpiry: 'reset' } },
    surviveS: 8,
    silent: ['reset'],
    keepalive: ['alive'],
    cause: 'middlebox',
    rules: ['path-resets-idle', 'keepalive-saves'],
  },
  {
    title: 'a firewall that forgets after 5 s and rejects with ICMP',
    lab: { firewall: { idleTimeoutMs: 5000, onExpiry: 'icmp' } },
    surviveS: 8,
    silent: ['stalled', 'unreachable'],
    keepalive: ['alive'],
    cause: 'middlebox',
    rules: ['path-drops-idle', 'dropper-named', 'keepalive-saves'],
    dropper: 0,
  },
  {
    title: 'keepalive slower than the firewall',
    lab: { firewall: { idleTimeoutMs: 5000 } },
    args: SLOW_KEEPALIVE,
    surviveS: 8,
    silent: ['stalled'],
    keepalive: ['stalled'],
    cause: 'middlebox',
    rules: ['path-drops-idle', 'keepalive-does-not-save', 'dropper-named'],
    dropper: 0,
  },
  {
    title: 'a middlebox that keepalive does not refresh',
    lab: { firewall: { idleTimeoutMs: 5000, keepaliveBlind: true } },
    surviveS: 8,
    silent: ['stalled'],
    keepalive: ['stalled'],
    cause: 'middlebox',
    rules: ['path-drops-idle', 'keepalive-does-not-save', 'dropper-named'],
    dropper: 0,
  },
  {
    title: 'no timeout within the wait',
    lab: {},
    surviveS: 6,
    silent: ['alive'],
    keepalive: ['alive'],
    cause: 'none',
    rules: [],
  },
  {
    title: 'a server that closes after 3 s',
    lab: {},
    closeAfterMs: 3000,
    surviveS: 6,
    silent: ['closed'],
    keepalive: ['closed'],
    cause: 'peer',
    rules: ['peer-closes-idle'],
  },
  {
    title: 'a server whose process is killed during the wait',
    lab: {},
    event: (_lab, { pid }) => {
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    },
    surviveS: 7,
    silent: ['closed', 'reset'],
    keepalive: ['closed', 'reset'],
    cause: 'peer',
    rules: ['peer-closes-idle'],
  },
  {
    title: 'a server host that is gone',
    lab: {},
    event: (lab) => lab.setLink(lab.server, 'down'),
    surviveS: 7,
    silent: ['stalled', 'unreachable'],
    keepalive: ['stalled', 'unreachable'],
    cause: 'host-down',
    rules: ['host-down'],
  },
  {
    title: 'a fifth of all packets lost each way, and no timeout',
    lab: { lossPercent: 20 },
    args: ['--idle', '2s', '--interval', '1s', '--count', '20'], // a count of 3 would rightly give a living connection up
    surviveS: 6,
    silent: ['alive'],
    keepalive: ['alive'],
    cause: 'none',
    rules: [],
  },
  {
    title: 'a fifth of all packets lost each way, and a firewall that forgets',
    // Six probes fit into its timeout: all are lost, or their answers, with a chance of 0.36 to the power of 12 for the three of them.
    lab: { lossPercent: 20, firewall: { idleTimeoutMs: 14_000 } },
    args: ['--idle', '1s', '--interval', '1s', '--count', '30'],
    surviveS: 17,
    silent: ['stalled'],
    keepalive: ['alive'],
    cause: 'middlebox',
    rules: ['path-drops-idle', 'keepalive-saves'],
    mayAlso: ['dropper-named'], // loss may blur the hops; a wrong one is never named
    dropper: 0,
  },
  {
    title: 'a NAT that forgets and learns the flow again under another port',
    lab: { firewall: { idleTimeoutMs: 5000, onExpiry: 'relearn', nat: true } },
    surviveS: 8,
    silent: ['reset'],
    keepalive: ['alive'],
    cause: 'middlebox',
    rules: ['path-resets-idle', 'keepalive-saves'],
  },
  {
    title: 'two firewalls, the nearer one sooner',
    lab: { firewall: { idleTimeoutMs: 4000 }, secondFirewall: { idleTimeoutMs: 9000 } },
    surviveS: 7,
    silent: ['stalled'],
    keepalive: ['alive'],
    cause: 'middlebox',
    rules: ['path-drops-idle', 'dropper-named', 'keepalive-saves'],
    dropper: 0,
  },
  {
    title: 'two firewalls, the farther one sooner',
    lab: { firewall: { idleTimeoutMs: 9000 }, secondFirewall: { idleTimeoutMs: 4000 } },
    surviveS: 7,
    silent: ['stalled'],
    keepalive: ['alive'],
    cause: 'middlebox',
    rules: ['path-drops-idle', 'dropper-named', 'keepalive-saves'],
    dropper: 1,
  },
];

/** What kaprobe reports when it runs on the client, behind other words such as `prlimit` if there are any. */
async function reportOf(
  lab: Lab,
  words: readonly string[],
  before: readonly string[] = [],
  started?: (child: ChildProcess) => void,
): Promise<ReportOf<'check'>> {
  const { stdout, stderr } = await runToEnd(
    lab.client,
    [...before, process.execPath, PROGRAM, ...words, '--format', 'json'],
    started,
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/** How many such events a peer has told of. */
const countOf = ({ events }: Peer, event: Peer['events'][number]['event']): number =>
  events.filter((told) => told.event === event).length;

const NOT_OF_SURVIVAL = new Set(['dead-peer-noticed-after', 'keepalive-too-tight', 'connection-timed-out']);

describe.skipIf(ability.kind !== 'available').concurrent(`check --survive across a real network${lacking}`, () => {
  it.for(SCENARIOS)('$title: silent $silent, keepalive $keepalive, cause $cause', async (scenario, { expect }) => {
    const lab = await createLab(scenario.lab);
    try {
      const sink = startPeer(lab.server, 'sink', [String(PORT), String(scenario.closeAfterMs ?? 0)]);
      await sink.next({ event: 'listening' });
      const { ipv4, ipv6 } = lab.server.addresses;
      const targets = [`${ipv4}:${PORT}`, ...(ipv6 === null ? [] : [`[${ipv6}]:${PORT}`])];
      const words = [
        ...['check', ...targets.flatMap((target) => Array<string>(REPETITIONS).fill(target))],
        ...[
          '--survive',
          `${scenario.surviveS}s`,
          '--timeout',
          '20s',
          '--probes',
          '15',
          ...(scenario.args ?? KEEPALIVE),
        ],
      ];
      const running = reportOf(lab, words);
      if (scenario.event !== undefined) {
        // Those that are only probed are closed after that, and those that idle have been made by then.
        await until('the first probes have been answered', () => countOf(sink, 'over') >= targets.length * REPETITIONS);
        await scenario.event(lab, sink.child);
      }
      const report = await running;
      expect(report.data.targets).toHaveLength(targets.length * REPETITIONS);
      for (const target of report.data.targets) expectOutcome(target, scenario, lab);
      for (const target of targets) {
        const found = report.findings.filter(
          ({ subject, rule }) => subject === target && !NOT_OF_SURVIVAL.has(rule) && !scenario.mayAlso?.includes(rule),
        );
        expect([...new Set(found.map(({ rule }) => rule))]).toEqual(scenario.rules);
        expect(found).toHaveLength(scenario.rules.length * REPETITIONS);
      }
    } finally {
      await lab.destroy();
    }
  });
});

describe
  .skipIf(ability.kind !== 'available')
  .concurrent(`check --survive of servers with a mind of their own${lacking}`, () => {
    /** Runs check in the client of a lab and returns its only target. */
    async function checkOne(lab: Lab, ...args: string[]): Promise<{ target: CheckedTarget; rules: string[] }> {
      const report = await reportOf(lab, ['check', ...args]);
      const [target] = report.data.targets;
      if (target === undefined) throw new Error('no target');
      return { target, rules: report.findings.map(({ rule }) => rule).filter((rule) => !NOT_OF_SURVIVAL.has(rule)) };
    }
    const outcomes = ({ survival }: CheckedTarget) =>
      Object.fromEntries(survival?.arms.map(({ arm, outcome }) => [arm, outcome]) ?? []);

    it.skipIf(nginx === null)(
      `nginx with keepalive_timeout 3s closes what idles and keeps what talks${nginx === null ? ' (skipped, needs nginx)' : ''}`,
      async ({ expect }) => {
        await using lab = await createLab();
        const server = await startNginx({
          port: 8080,
          keepaliveTimeout: '3s',
          spawn: (argv, options) => lab.server.spawn(argv, options),
        });
        try {
          const { target, rules } = await checkOne(
            lab,
            `http://${lab.server.addresses.ipv4}:8080/`,
            '--survive',
            '7s',
            ...KEEPALIVE,
          );
          expect(outcomes(target)).toEqual({ silent: 'closed', keepalive: 'closed', application: 'alive' });
          expect(target.survival?.cause).toBe('peer');
          expect(rules).toEqual(['peer-closes-idle']);
          for (const { arm, atMs, unprovoked } of target.survival?.arms ?? []) {
            if (arm === 'application') continue;
            expect({ arm, unprovoked }).toEqual({ arm, unprovoked: true });
            expect(Math.abs((atMs ?? 0) - 3000)).toBeLessThan(1500); // nginx's own timer, on a busy machine
          }
        } finally {
          await server.stop();
        }
      },
    );

    it.skipIf(nginx === null)(
      `requests save a connection that the firewall would forget${nginx === null ? ' (skipped, needs nginx)' : ''}`,
      async ({ expect }) => {
        await using lab = await createLab({ firewall: { idleTimeoutMs: 5000, keepaliveBlind: true } });
        const server = await startNginx({
          port: 8080,
          keepaliveTimeout: '60s',
          spawn: (argv, options) => lab.server.spawn(argv, options),
        });
        try {
          const { target, rules } = await checkOne(
            lab,
            `http://${lab.server.addresses.ipv4}:8080/`,
            '--survive',
            '8s',
            ...KEEPALIVE,
          );
          expect(outcomes(target)).toEqual({ silent: 'stalled', keepalive: 'stalled', application: 'alive' });
          expect(target.survival?.conclusion).toContain('requests of the application save it');
          expect(rules).toEqual(['path-drops-idle', 'keepalive-does-not-save', 'dropper-named']);
        } finally {
          await server.stop();
        }
      },
    );

    it('a server that speaks now and then is alive, whatever it says', async ({ expect }) => {
      await using lab = await createLab();
      const talker = startPeer(lab.server, 'tcp-server', [String(PORT)]);
      await talker.next({ event: 'listening' });
      const timer = setInterval(() => talker.tell({ do: 'say' }), 700);
      const { target, rules } = await checkOne(
        lab,
        `${lab.server.addresses.ipv4}:${PORT}`,
        '--survive',
        '4s',
        ...KEEPALIVE,
      );
      clearInterval(timer);
      expect(outcomes(target)).toEqual({ silent: 'alive', keepalive: 'alive' });
      expect(rules).toEqual([]);
    });

    it('500 connections at once are measured in the time of one', async ({ expect }) => {
      await using lab = await createLab();
      await startPeer(lab.server, 'sink', [String(PORT), '0']).next({ event: 'listening' });
      const words = Array<string>(500).fill(`${lab.server.addresses.ipv4}:${PORT}`);
      const report = await reportOf(lab, ['check', '--survive', '4s', ...KEEPALIVE, ...words]);
      expect(report.data.targets.filter(({ survival }) => survival?.cause === 'none')).toHaveLength(500);
      expect(report.durationMs).toBeLessThan(90_000); // one after the other: half an hour; where nothing else runs: 10 s
    });

    it('a limit on descriptors costs the targets beyond it, with the reason, and no others', async ({ expect }) => {
      await using lab = await createLab();
      await startPeer(lab.server, 'sink', [String(PORT), '0']).next({ event: 'listening' });
      const words = Array<string>(60).fill(`${lab.server.addresses.ipv4}:${PORT}`);
      const report = await reportOf(
        lab,
        ['check', '--survive', '2s', '--no-ping', ...KEEPALIVE, ...words],
        ['prlimit', '--nofile=70:70'],
      );
      expect(report.exitCode).toBe(2);
      expect(report.data.targets).toHaveLength(60);
      expect(
        report.data.targets.some(
          ({ connect, survival }) => connect.kind === 'connected' && survival?.arms[0]?.outcome === 'alive',
        ),
      ).toBe(true);
      expect(report.gaps.some(({ reason }) => reason.includes('EMFILE'))).toBe(true);
      expect(report.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    });

    it('Ctrl-C half-way prints what is known by then', async ({ expect }) => {
      await using lab = await createLab();
      const closing = startPeer(lab.server, 'sink', [String(PORT), '2000']);
      await closing.next({ event: 'listening' });
      await startPeer(lab.server, 'sink', [String(PORT + 1), '0']).next({ event: 'listening' });
      const { ipv4 } = lab.server.addresses;
      const words = ['check', '--survive', '60s', ...KEEPALIVE, `${ipv4}:${PORT}`, `${ipv4}:${PORT + 1}`];
      const report = await reportOf(lab, words, [], (child) => {
        void until('the first sink has closed both', () => countOf(closing, 'closed') >= 2, 50_000)
          .then(() => sleep(1500)) // until that is known at this end; far from the sixty seconds
          .finally(() => child.kill('SIGINT'));
      });
      expect(report.exitCode).toBe(130);
      expect(report.data.targets.map(outcomes)).toEqual([
        { silent: 'closed', keepalive: 'closed' },
        { silent: 'unmeasured', keepalive: 'unmeasured' },
      ]);
    });
  });

function expectOutcome(
  { target, survival, dropper }: CheckedTarget,
  { silent, keepalive, cause, dropper: truth, mayAlso = [] }: Scenario,
  lab: Lab,
): void {
  const outcomeOf = (name: string) => survival?.arms.find(({ arm }) => arm === name)?.outcome;
  const rulesMayMiss = mayAlso.includes('dropper-named');
  const seen = JSON.stringify({ target, survival, dropper }, null, 1);
  expect(silent, seen).toContain(outcomeOf('silent'));
  expect(keepalive, seen).toContain(outcomeOf('keepalive'));
  expect(survival?.cause, seen).toBe(cause);
  if (truth === undefined) return;
  if (truth === null) {
    expect(dropper, seen).toBeNull();
    return;
  }
  const { addresses, hop } = lab.firewalls[truth] ?? lab.firewall;
  const address = target.startsWith('[') ? addresses.ipv6 : addresses.ipv4;
  if (dropper?.lastAnsweringHop == null) {
    expect(rulesMayMiss, seen).toBe(true);
    return;
  }
  // The box that drops is the last that answers or the one behind it; where loss hides hops, somewhere in the range given.
  expect(dropper.lastAnsweringHop, seen).toBeLessThanOrEqual(hop);
  expect(dropper.hop ?? Number.POSITIVE_INFINITY, seen).toBeGreaterThanOrEqual(hop);
  if (rulesMayMiss) return;
  expect([dropper.lastAnsweringAddress, dropper.address], seen).toContain(address);
  expect([dropper.lastAnsweringHop, dropper.hop], seen).toContain(hop);
}
