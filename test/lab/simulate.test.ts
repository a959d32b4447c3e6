import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab, probeLab } from '../../src/commands/lab/lab.ts';
import {
  simulateDataInFlight,
  simulateIdle,
  simulateZeroWindow,
  type Timeline,
  type TimelineSettings,
  timerLatenessMs,
} from '../../src/commands/simulate/timeline.ts';
import type { Keepalive } from '../../src/report/values.ts';
import { startPeer } from './helpers.ts';

const ability = await probeLab();
const lacking = ability.kind === 'available' ? '' : ` (skipped, no lab here: ${ability.reason})`;

/** Where nothing after the handshake arrives; where segments without payload do not; where all does. */
const PORTS = { dead: 7001, probesLost: 7002, answering: 7003 };
const RETRIES2 = 3;
/** Looking every few milliseconds, on a busy machine. */
const LOOKED_LATE_MS = 250;

/** One connection, as the kernel is to treat it and as it is computed. */
interface Case {
  title: string;
  port: number;
  keepalive?: Partial<Keepalive>;
  write: 'nothing' | 'byte' | 'much';
  compute: (settings: TimelineSettings) => Timeline;
}

/** What the client tells of one connection. */
interface Watched {
  id: string;
  fromMs: number;
  sentAtMs: number[];
  diedAtMs: number;
}

const idle = (settings: TimelineSettings): Timeline =>
  simulateIdle(settings, { peer: 'dead', middleboxTimeoutMs: null });
const IDLE = { port: PORTS.dead, write: 'nothing', compute: idle } as const;
const DATA = { port: PORTS.dead, write: 'byte', compute: simulateDataInFlight } as const;
const WINDOW = {
  port: PORTS.probesLost,
  write: 'much',
  compute: (settings: TimelineSettings) => simulateZeroWindow(settings, 'dead'),
} as const;
const seconds = (idleS: number, intervalS: number, count: number) => ({
  enabled: true,
  idleMs: idleS * 1000,
  intervalMs: intervalS * 1000,
  count,
});

const CASES: Case[] = [
  { title: 'idle, 5 s, 3 s, 3', ...IDLE, keepalive: seconds(5, 3, 3) },
  { title: 'idle, 1 s, 4 s, 2', ...IDLE, keepalive: seconds(1, 4, 2) },
  {
    title: 'idle, 2 s, 1 s, 1 and a user timeout of 5 s',
    ...IDLE,
    keepalive: { ...seconds(2, 1, 1), userTimeoutMs: 5000 },
  },
  {
    title: 'idle, 2 s, 1 s, 9 and a user timeout of 5 s',
    ...IDLE,
    keepalive: { ...seconds(2, 1, 9), userTimeoutMs: 5000 },
  },
  {
    title: 'idle, 4 s, 3 s, 9 and a user timeout of 1 s',
    ...IDLE,
    keepalive: { ...seconds(4, 3, 9), userTimeoutMs: 1000 },
  },
  { title: 'data in flight', ...DATA },
  { title: 'data in flight with keepalive of 1 s, 1 s, 1', ...DATA, keepalive: seconds(1, 1, 1) },
  { title: 'data in flight with a user timeout of 2.5 s', ...DATA, keepalive: { userTimeoutMs: 2500 } },
  { title: 'data in flight with a user timeout of 9 s', ...DATA, keepalive: { userTimeoutMs: 9000 } },
  { title: 'a closed window', ...WINDOW },
  { title: 'a closed window with a user timeout of 1.5 s', ...WINDOW, keepalive: { userTimeoutMs: 1500 } },
  { title: 'a closed window with a user timeout of 9 s', ...WINDOW, keepalive: { userTimeoutMs: 9000 } },
  {
    title: 'a closed window of a peer that answers, with a user timeout of 5 s',
    port: PORTS.answering,
    write: 'much',
    keepalive: { userTimeoutMs: 5000 },
    compute: (settings) => simulateZeroWindow(settings, 'answers'),
  },
];

describe.skipIf(ability.kind !== 'available')(`the kernel does what is computed${lacking}`, () => {
  let lab: Lab;
  const watched = new Map<string, Watched>();

  beforeAll(async () => {
    lab = await createLab();
    await startPeer(lab.server, 'deaf-server', Object.values(PORTS).map(String)).next({ event: 'listening' });
    await lab.firewall.run(['sysctl', '-q', '-w', 'net.netfilter.nf_conntrack_acct=1']);
    await lab.firewall.nft(
      [
        `add rule inet lab adhoc tcp dport ${PORTS.dead} ct original packets > 2 drop`,
        `add rule inet lab adhoc tcp dport ${PORTS.probesLost} ip length < 60 ct original packets > 2 drop`,
        '',
      ].join('\n'),
    );
    await lab.client.run(['sysctl', '-q', '-w', `net.ipv4.tcp_retries2=${RETRIES2}`]);
    const connections = CASES.map(({ title, port, write, keepalive = {} }) => ({
      id: title,
      host: lab.server.addresses.ipv4,
      port,
      write,
      options: socketOptions(keepalive),
    }));
    const client = fileURLToPath(new URL('peers/watched-client.mjs', import.meta.url));
    const { stdout, stderr } = await lab.client.run([process.execPath, client, JSON.stringify(connections)], {
      timeoutMs: 40_000,
    });
    for (const line of stdout.split('\n').filter(Boolean)) {
      const told: Watched = JSON.parse(line);
      watched.set(told.id, told);
    }
    if (watched.size < CASES.length) throw new Error(`not all connections ended: ${stdout}${stderr}`);
  });
  afterAll(() => lab.destroy());

  it.each(CASES)('$title', ({ title, keepalive = {}, compute }) => {
    const { fromMs, sentAtMs, diedAtMs } = watched.get(title) ?? fail();
    const { events, end } = compute({
      keepalive: { enabled: false, idleMs: 7_200_000, intervalMs: 75_000, count: 9, userTimeoutMs: 0, ...keepalive },
      retries2: RETRIES2,
      rttMs: 1,
      rtoMinMs: 200,
      rtoMaxMs: 120_000,
    });
    if (end.kind !== 'given-up') throw fail();
    const diedAfterMs = diedAtMs - fromMs;
    const computedMs = events.flatMap(({ atMs, count, everyMs }) =>
      Array.from({ length: count }, (_, index) => atMs + index * (everyMs ?? 0)),
    );
    const sentAfterMs = sentAtMs.map((at) => at - fromMs);
    expect(diedAfterMs).toBeGreaterThan(end.earliestMs - 50);
    expect(diedAfterMs).toBeLessThan(end.latestMs + LOOKED_LATE_MS);
    expect(sentAfterMs).toHaveLength(computedMs.length);
    for (const [index, ms] of sentAfterMs.entries()) {
      const computed = computedMs[index] ?? Number.NaN;
      expect(ms).toBeGreaterThan(computed - 50);
      expect(ms).toBeLessThan(computed + timerLatenessMs(computed) + computed * 0.05 + LOOKED_LATE_MS);
    }
  });
});

/** TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT of linux/tcp.h; SO_KEEPALIVE. */
function socketOptions({ enabled = false, idleMs, intervalMs, count, userTimeoutMs }: Partial<Keepalive>): number[][] {
  const options: [level: number, name: number, value: number | undefined][] = [
    [6, 4, idleMs === undefined ? undefined : idleMs / 1000],
    [6, 5, intervalMs === undefined ? undefined : intervalMs / 1000],
    [6, 6, count],
    [6, 18, userTimeoutMs],
    [1, 9, enabled ? 1 : 0],
  ];
  return options.flatMap(([level, name, value]) => (value === undefined ? [] : [[level, name, value]]));
}

function fail(): never {
  throw new Error('it did not come to an end');
}
