import { isIP, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { mapConcurrently } from '../concurrently.ts';
import { CapabilityError, UsageError } from '../errors.ts';
import { type Libc, loadLibc } from '../linux/libc.ts';
import { descriptorOf, readKeepalive, writeKeepalive } from '../linux/socket-options.ts';
import { readHostKeepalive } from '../linux/sysctl.ts';
import { readTcpInfo } from '../linux/tcp-info.ts';
import { type Facts, factsAbout, type Settings } from '../policy/facts.ts';
import { judge } from '../policy/judge.ts';
import { recommendKeepalive, strictestMiddlebox } from '../policy/keepalive.ts';
import { type ConnectResult, connectAny } from '../probes/connect.ts';
import { startEmbeddedServer } from '../probes/embedded-server.ts';
import { watchConnection } from '../probes/ending.ts';
import { probeKeepalive } from '../probes/keepalive.ts';
import { pingOnce } from '../probes/ping.ts';
import { type Family, resolve } from '../probes/resolve.ts';
import { handshakeTls } from '../probes/tls.ts';
import {
  type Certificate,
  type CheckedTarget,
  decideVerdict,
  type EarlyEnd,
  type Finding,
  type Gap,
  type Keepalive,
  type KeepaliveAnswer,
  type Middlebox,
  type Outcome,
  type Ping,
  type RefusedSetting,
  type RequestedKeepalive,
  type Severity,
  type Unmeasured,
  unmeasured,
} from '../report.ts';
import { librarySwitches } from '../stacks/switches.ts';
import { parseTarget, type Target } from '../target.ts';
import { plural } from '../units.ts';
import type { CommandContext, CommandModule } from './index.ts';
import {
  addMiddleboxOptions,
  type Bounds,
  durationOption,
  givenMiddleboxes,
  IDLE_TIMEOUT_BOUNDS,
  integerOption,
} from './options.ts';

const DAY_MS = 86_400_000;
/** Pings that run at once: each is a process. */
const PING_CONCURRENCY = 8;
/** How long a connection attempt may take before the ping no longer waits for its end. */
const PING_DELAY_MS = 300;

/** What `check` is asked, with every default filled in. Times are milliseconds. */
export interface CheckQuestion {
  targets: readonly Target[];
  embedded: boolean;
  family: Family;
  concurrency: number;
  timeoutMs: number;
  keepalive: RequestedKeepalive;
  /** Unanswered probes until the search ends; null: do not probe. */
  probeCount: number | null;
  middleboxes: readonly Middlebox[];
  certificateMarginMs: number;
  ping: boolean;
}

/** Defaults of a question. */
export const CHECK_DEFAULTS = {
  embedded: false,
  family: null,
  concurrency: 256,
  timeoutMs: 5000,
  keepalive: { enabled: true, idleMs: null, intervalMs: null, count: null, userTimeoutMs: null },
  probeCount: 5,
  middleboxes: [],
  certificateMarginMs: 14 * DAY_MS,
  ping: true,
} as const satisfies Omit<CheckQuestion, 'targets'>;

/**
 * What can be asked for. The kernel's own maxima for keepalive (32767 s, 127 probes) are left to the kernel: that it refuses a value is a
 * finding about the value.
 */
export const CHECK_BOUNDS = {
  concurrency: { min: 1, max: 4096, step: 1 },
  timeoutMs: { min: 1, max: 3_600_000, step: 1 },
  idleMs: { min: 1000, max: 366 * DAY_MS, step: 1000 },
  intervalMs: { min: 1000, max: 366 * DAY_MS, step: 1000 },
  count: { min: 1, max: 100_000, step: 1 },
  userTimeoutMs: { min: 1, max: 2_147_483_647, step: 1 },
  probeCount: { min: 1, max: 100, step: 1 },
  idleTimeoutMs: IDLE_TIMEOUT_BOUNDS,
  certificateMarginMs: { min: 0, max: 3660 * DAY_MS, step: 1 },
} as const satisfies Record<string, Bounds>;

export const check: CommandModule<'check'> = {
  declare(command: Command): void {
    command
      .description(
        'Connects, sets the keepalive asked for, reads it back, has the kernel send keepalive probes without payload, and judges the settings against the middleboxes given.',
      )
      .argument('[targets...]', 'host:port, [v6]:port, or tcp, tls, http, https, redis, postgres URLs')
      .optionsGroup('Target:')
      .option('--embedded', "check kaprobe's own server on loopback instead: needs no network and no rights")
      .addOption(new Option('--family <family>', 'use only IPv4 or only IPv6').choices(['4', '6']))
      .addOption(
        integerOption(
          '--concurrency <n>',
          `targets at once (default: ${CHECK_DEFAULTS.concurrency})`,
          CHECK_BOUNDS.concurrency,
        ),
      )
      .optionsGroup('Timing:')
      .addOption(
        durationOption(
          '--timeout <duration>',
          'for name, connection and TLS handshake each (default: 5s)',
          CHECK_BOUNDS.timeoutMs,
        ),
      )
      .optionsGroup("Keepalive (default: SO_KEEPALIVE on, the rest as the host's sysctls have it):")
      .option('--no-keepalive', 'leave SO_KEEPALIVE off, as most libraries do')
      .addOption(
        durationOption('--idle <duration>', 'TCP_KEEPIDLE: silence before the first probe', CHECK_BOUNDS.idleMs),
      )
      .addOption(
        durationOption('--interval <duration>', 'TCP_KEEPINTVL: between unanswered probes', CHECK_BOUNDS.intervalMs),
      )
      .addOption(
        integerOption(
          '--count <n>',
          'TCP_KEEPCNT: unanswered probes until the connection counts as dead',
          CHECK_BOUNDS.count,
        ),
      )
      .addOption(durationOption('--user-timeout <duration>', 'TCP_USER_TIMEOUT', CHECK_BOUNDS.userTimeoutMs))
      .addOption(
        integerOption(
          '--probes <n>',
          `unanswered probes, one a second, that prove silence (default: ${CHECK_DEFAULTS.probeCount})`,
          CHECK_BOUNDS.probeCount,
        ),
      )
      .option('--no-probe', 'do not probe: takes a second less')
      .optionsGroup('Judged against:');
    addMiddleboxOptions(command);
    command
      .addOption(
        durationOption(
          '--certificate-margin <duration>',
          'what a certificate must have left; at most a third of its life (default: 14d)',
          CHECK_BOUNDS.certificateMarginMs,
        ),
      )
      .option('--ping', 'ICMP echo for context (default: where ping is installed)')
      .option('--no-ping', 'no ICMP echo')
      .addHelpText(
        'after',
        `
Examples:
  kaprobe check db.example:5432 --middlebox juniper-srx-tcp
  kaprobe check 10.0.0.5:6379 --idle 60s --interval 10s --count 6 --middlebox-timeout 30m
  kaprobe check --embedded --format json`,
      );
  },

  async run(operands, options, context) {
    return checkTargets(readQuestion(operands, options), context);
  },
};

function readQuestion(operands: readonly string[], options: Record<string, unknown>): CheckQuestion {
  const number = (name: string): number | null => {
    const value = options[name];
    return typeof value === 'number' ? value : null;
  };
  const embedded = options['embedded'] === true;
  if (embedded && operands.length > 0)
    throw new UsageError('--embedded checks its own server and takes no targets', 'leave one of them out');
  if (!embedded && operands.length === 0)
    throw new UsageError('no target given', 'for example kaprobe check db.example:5432, or --embedded');
  const enabled = options['keepalive'] !== false;
  const keepalive = {
    enabled,
    idleMs: number('idle'),
    intervalMs: number('interval'),
    count: number('count'),
    userTimeoutMs: number('userTimeout'),
  };
  if (!enabled && [keepalive.idleMs, keepalive.intervalMs, keepalive.count].some((value) => value !== null)) {
    throw new UsageError('--no-keepalive contradicts --idle, --interval and --count', 'leave one of them out');
  }
  const probing = options['probe'] !== false;
  if (!probing && number('probes') !== null)
    throw new UsageError('--no-probe contradicts --probes', 'leave one of them out');
  const targets = operands.map(parseTarget);
  const family = options['family'] === '4' ? 4 : options['family'] === '6' ? 6 : null;
  for (const { label, host } of targets) {
    if (family !== null && isIP(host) !== 0 && isIP(host) !== family) {
      throw new UsageError(`--family ${family} contradicts the address in '${label}'`, 'leave one of them out');
    }
  }
  return {
    targets,
    embedded,
    family,
    concurrency: number('concurrency') ?? CHECK_DEFAULTS.concurrency,
    timeoutMs: number('timeout') ?? CHECK_DEFAULTS.timeoutMs,
    keepalive,
    probeCount: probing ? (number('probes') ?? CHECK_DEFAULTS.probeCount) : null,
    middleboxes: givenMiddleboxes(options),
    certificateMarginMs: number('certificateMargin') ?? CHECK_DEFAULTS.certificateMarginMs,
    ping: options['ping'] !== false,
  };
}

/** Looks at all targets side by side. Rejects when aborted. */
export async function checkTargets(question: CheckQuestion, context: CommandContext): Promise<Outcome<'check'>> {
  if (!question.embedded) return checkAll(question, context);
  const server = await startEmbeddedServer();
  try {
    return await checkAll({ ...question, targets: [parseTarget(`${server.host}:${server.port}`)] }, context);
  } finally {
    server.close();
  }
}

async function checkAll(question: CheckQuestion, context: CommandContext): Promise<Outcome<'check'>> {
  const { targets, middleboxes, embedded } = question;
  const tools = await openTools(question, context);
  let doneCount = 0;
  const progress = (): void => context.progress(`checked ${doneCount} of ${plural(targets.length, 'target')}`);
  progress();
  const results = await mapConcurrently(targets, question.concurrency, async (target) => {
    const result = await checkOne(target, question, tools, context);
    doneCount += 1;
    progress();
    return result;
  });
  return {
    command: 'check',
    data: {
      embedded,
      middleboxes: [...middleboxes],
      strictest: strictestMiddlebox(middleboxes)?.id ?? null,
      targets: results.map(({ checked }) => checked),
    },
    findings: results.flatMap(({ findings }) => findings),
    gaps: results.flatMap(({ checked }) => checked.gaps),
  };
}

/** What all targets share. */
interface Tools {
  /** A text says why there is none. */
  libc: Libc | string;
  host: Keepalive | null;
  ping(address: string): Promise<Ping>;
}

async function openTools({ ping }: CheckQuestion, { signal }: CommandContext): Promise<Tools> {
  const libc = await loadLibc().catch((error: unknown) => {
    if (error instanceof CapabilityError) return error.message;
    throw error;
  });
  const host = readHostKeepalive();
  return {
    libc,
    host: 'kind' in host ? null : host,
    ping: ping ? oncePerAddress(signal) : async () => noPing('switched off by --no-ping'),
  };
}

function noPing(reason: string): Ping {
  return { ...unmeasured(reason), rttMs: null };
}

/** One ping an address, however many targets share it, and only a few at once. */
function oncePerAddress(signal: AbortSignal): (address: string) => Promise<Ping> {
  const pings = new Map<string, Promise<Ping>>();
  const lanes: Promise<unknown>[] = Array.from({ length: PING_CONCURRENCY }, () => Promise.resolve());
  return (address) => {
    const lane = pings.size % PING_CONCURRENCY;
    const ping = pings.get(address) ?? (lanes[lane] ?? Promise.resolve()).then(() => pingOnce(address, signal));
    if (!pings.has(address)) lanes[lane] = ping;
    pings.set(address, ping);
    return ping;
  };
}

async function checkOne(
  target: Target,
  question: CheckQuestion,
  tools: Tools,
  { signal, failOn }: CommandContext,
): Promise<{ checked: CheckedTarget; findings: Finding[] }> {
  const { family, timeoutMs } = question;
  const resolution = await resolve(target.host, family, { timeoutMs, signal });
  if (resolution.kind === 'unresolved') {
    const result = {
      kind: 'unresolved',
      address: null,
      durationMs: 0,
      error: resolution.error,
      attempts: [],
      socket: null,
    } as const;
    return assemble(target, question, tools, failOn, {
      addresses: [],
      result,
      session: NOT_CONNECTED,
      ping: noPing('no address to ping'),
    });
  }
  const { addresses } = resolution;
  const connecting = connectAny(addresses, target.port, { timeoutMs, signal });
  // Starting a process takes time on this thread: not while a fast connection is being timed.
  const pinging = Promise.race([connecting, sleep(PING_DELAY_MS)]).then((early) =>
    tools.ping(early?.address ?? addresses[0] ?? ''),
  );
  pinging.catch(() => {}); // rejects only together with `connecting`
  const result = await connecting;
  const session =
    result.socket === null
      ? NOT_CONNECTED
      : await useConnection(result.socket, result, target, question, tools, signal);
  return assemble(target, question, tools, failOn, { addresses, result, session, ping: await pinging });
}

/** What was learnt over an open connection. */
interface Session {
  rttMs: number | null;
  refused: RefusedSetting[];
  effective: Keepalive | Unmeasured;
  answer: KeepaliveAnswer;
  certificate: Certificate | null;
  ended: EarlyEnd;
}

const NOT_CONNECTED: Session = {
  rttMs: null,
  refused: [],
  effective: unmeasured('not connected'),
  answer: unmeasured('not connected'),
  certificate: null,
  ended: null,
};

/** Settings, TLS, probes, in this order, on one connection, which is closed at the end. */
async function useConnection(
  socket: Socket,
  { address }: ConnectResult,
  target: Target,
  { keepalive, probeCount, timeoutMs }: CheckQuestion,
  { libc }: Tools,
  signal: AbortSignal,
): Promise<Session> {
  const openedAtMs = performance.now();
  socket.on('error', () => {}); // who watches the connection notes it
  try {
    const fd = descriptorOf(socket);
    const options = typeof libc === 'string' || fd === null ? null : { libc, fd };
    const why = typeof libc === 'string' ? libc : 'the connection is gone';
    const rttMs = options === null ? null : readTcpInfo(options.libc, options.fd).rttMs;
    const refused = options === null ? [] : writeKeepalive(options.libc, options.fd, keepalive);
    const effective = options === null ? unmeasured(why) : readKeepalive(options.libc, options.fd);
    const tls = target.tls ? await handshakeTls(socket, target.host, { timeoutMs, signal, now: new Date() }) : null;
    const watch = watchConnection(tls?.session ?? socket, openedAtMs);
    const probe = async (): Promise<KeepaliveAnswer> => {
      if (probeCount === null) return unmeasured('switched off by --no-probe');
      if (tls !== null && tls.session === null) return unmeasured('no TLS session');
      if (options === null) return unmeasured(why);
      const answer = await probeKeepalive(socket, watch, options.libc, { probeCount, signal });
      if (answer.kind !== 'unanswered') return answer;
      const fresh = await connectAny(address === null ? [] : [address], target.port, { timeoutMs, signal });
      fresh.socket?.destroy();
      return { ...answer, freshConnect: fresh.kind };
    };
    const answer = await probe();
    return { rttMs, refused, effective, answer, certificate: tls?.certificate ?? null, ended: watch.ended() };
  } finally {
    socket.destroy();
  }
}

function assemble(
  target: Target,
  { keepalive, middleboxes, probeCount, certificateMarginMs }: CheckQuestion,
  { host }: Tools,
  failOn: Severity,
  { addresses, result, session, ping }: { addresses: string[]; result: ConnectResult; session: Session; ping: Ping },
): { checked: CheckedTarget; findings: Finding[] } {
  const { kind, address, durationMs, error, attempts } = result;
  const { rttMs, refused, effective, answer, certificate, ended } = session;
  const connect = { kind, durationMs: kind === 'unresolved' ? null : durationMs, rttMs, error };
  const settings = settingsToJudge(keepalive, effective, kind === 'connected' ? host : null);
  const recommended = recommendKeepalive(strictestMiddlebox(middleboxes)?.idleTimeoutMs ?? null);
  const facts: Facts = {
    ...factsAbout(target.label),
    settings,
    refused,
    middleboxes,
    connection: { ...connect, host: target.host, address, port: target.port, attempts },
    answer,
    ended,
    ping,
    certificate,
    certificateMarginMs,
    librarySwitches: recommended === null ? [] : librarySwitches(target.scheme, recommended),
  };
  const findings = judge(facts);
  const gap = (what: string, value: { kind: string; reason?: string } | Keepalive | null): Gap[] =>
    value !== null && 'kind' in value && value.kind === 'unmeasured'
      ? [{ subject: target.label, what, reason: value.reason ?? 'unknown' }]
      : [];
  const gaps =
    kind === 'unmeasured'
      ? gap('connection', unmeasured(`this host could not try: ${error ?? 'unknown'}`))
      : kind === 'connected'
        ? [
            ...gap('keepalive settings', effective),
            ...(probeCount === null ? [] : gap('answer to keepalive probes', answer)),
            ...gap('certificate', certificate),
          ]
        : [];
  const checked: CheckedTarget = {
    target: target.label,
    scheme: target.scheme,
    host: target.host,
    address,
    port: target.port,
    addresses,
    connect,
    attempts: [...attempts],
    keepalive: { requested: keepalive, refused, effective, answer },
    ended,
    survival: null,
    dropper: null,
    ping,
    ...(certificate === null ? {} : { certificate }),
    verdict: decideVerdict(findings, gaps, failOn),
    gaps,
  };
  return { checked, findings };
}

/** What the rules may judge: what was read back, else what was asked for over what the host would add. */
function settingsToJudge(
  requested: RequestedKeepalive,
  effective: Keepalive | Unmeasured,
  host: Keepalive | null,
): Settings | null {
  const inherited = {
    idle: requested.idleMs === null,
    interval: requested.intervalMs === null,
    count: requested.count === null,
  };
  if (!('kind' in effective)) return { keepalive: effective, basis: 'measured', inherited };
  if (host === null) return null;
  const { enabled, idleMs, intervalMs, count, userTimeoutMs } = requested;
  const planned = {
    enabled,
    idleMs: idleMs ?? host.idleMs,
    intervalMs: intervalMs ?? host.intervalMs,
    count: count ?? host.count,
    userTimeoutMs: userTimeoutMs ?? 0,
  };
  return { keepalive: planned, basis: 'planned', inherited };
}
