import { setMaxListeners } from 'node:events';
import { isIP } from 'node:net';
import { type Command, Option } from '@commander-js/extra-typings';
import { mapConcurrently } from '../../base/concurrently.ts';
import { UsageError } from '../../base/errors.ts';
import { formatDuration, plural } from '../../base/units.ts';
import type { Certificate, KeepaliveAnswer, Survival } from '../../connections/observation.ts';
import { idleEvidenceOf } from '../../connections/survival.ts';
import { parseTarget, SCHEME_NAMES, type Target } from '../../connections/target.ts';
import type { Settings } from '../../keepalive/facts.ts';
import { strictestMiddlebox } from '../../keepalive/keepalive.ts';
import { proposeKeepalive } from '../../keepalive/recommended-settings.ts';
import { labelOf } from '../../keepalive/wording.ts';
import { librarySwitches } from '../../knowledge/switches.ts';
import { descriptorLimit } from '../../linux/descriptor-limit.ts';
import { type Facts, factsAbout } from '../../policy/facts.ts';
import { judge } from '../../policy/judge.ts';
import type { Finding, Severity } from '../../report/finding.ts';
import { decideVerdict, type Gap, type Outcome } from '../../report/report.ts';
import type { Keepalive, Middlebox, RequestedKeepalive, Unmeasured } from '../../report/values.ts';
import type { CommandContext, Room } from '../room.ts';
import {
  type Bounds,
  durationOption,
  givenMiddleboxes,
  IDLE_TIMEOUT_BOUNDS,
  integerOption,
  middleboxOption,
  middleboxTimeoutOption,
} from '../shared/options.ts';
import { startEmbeddedServer } from './embedded-server.ts';
import {
  type EndpointObservation,
  type EndpointQuestion,
  type EndpointTools,
  notObserved,
  observeEndpoint,
  openTools,
} from './endpoint.ts';
import type { CheckData, CheckedTarget } from './report.ts';

const DAY_MS = 86_400_000;

/** What `check` is asked, with every default filled in. Times are milliseconds. */
export interface CheckQuestion extends EndpointQuestion {
  targets: readonly Target[];
  embedded: boolean;
  concurrency: number;
  middleboxes: readonly Middlebox[];
  certificateMarginMs: number;
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
  surviveMs: null,
  locate: true,
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
  surviveMs: { min: 1000, max: 14 * DAY_MS, step: 1 },
  certificateMarginMs: { min: 0, max: 3660 * DAY_MS, step: 1 },
} as const satisfies Record<string, Bounds>;

export const room: Room<CheckData> = {
  view: async () => (await import('./text.ts')).view,
  declare(command: Command): void {
    command
      .description(
        'Connects, sets the keepalive asked for, reads it back, has the kernel send keepalive probes without payload, and judges the settings against the middleboxes given.',
      )
      .argument('[targets...]', `host:port, [v6]:port, or URLs: ${SCHEME_NAMES.join(', ')}`)
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
      .optionsGroup('Proof:')
      .addOption(
        durationOption(
          '--survive <duration>',
          'leave connections idle that long, side by side: silent, with keepalive, with requests; say what became of them and why',
          CHECK_BOUNDS.surviveMs,
        ),
      )
      .option('--yes', 'really wait, when --survive is longer than 24h')
      .option('--locate', 'look for the hop that drops a stalled connection (default with --survive)')
      .option('--no-locate', 'do not look for it')
      .optionsGroup('Judged against:');
    command.addOption(middleboxOption()).addOption(middleboxTimeoutOption());
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
  const surviveMs = number('survive');
  if (surviveMs === null && (options['locate'] !== undefined || options['yes'] !== undefined)) {
    throw new UsageError('--locate and --yes belong to --survive', 'for example --survive 6m');
  }
  if (surviveMs !== null && surviveMs > DAY_MS && options['yes'] !== true) {
    throw new UsageError(
      `--survive would wait ${formatDuration(surviveMs)}, longer than a day`,
      'add --yes if that is meant',
    );
  }
  return {
    targets,
    embedded,
    family,
    // Idling side by side is the point of --survive: nobody waits for somebody else's turn.
    concurrency:
      number('concurrency') ?? (surviveMs === null ? CHECK_DEFAULTS.concurrency : CHECK_BOUNDS.concurrency.max),
    timeoutMs: number('timeout') ?? CHECK_DEFAULTS.timeoutMs,
    keepalive,
    probeCount: probing ? (number('probes') ?? CHECK_DEFAULTS.probeCount) : null,
    middleboxes: givenMiddleboxes(options),
    certificateMarginMs: number('certificateMargin') ?? CHECK_DEFAULTS.certificateMarginMs,
    ping: options['ping'] !== false,
    surviveMs,
    locate: options['locate'] !== false,
  };
}

/** Looks at all targets side by side. Rejects when aborted. */
export async function checkTargets(question: CheckQuestion, given: CommandContext): Promise<Outcome<CheckData>> {
  // Every probe of every target listens to the signal; one of our own may have that many listeners without a warning.
  const signal = AbortSignal.any([given.signal]);
  setMaxListeners(0, signal);
  const context = { ...given, signal };
  if (!question.embedded) return checkAll(question, context);
  const server = await startEmbeddedServer();
  try {
    return await checkAll({ ...question, targets: [parseTarget(`${server.host}:${server.port}`)] }, context);
  } finally {
    server.close();
  }
}

async function checkAll(question: CheckQuestion, context: CommandContext): Promise<Outcome<CheckData>> {
  const { targets, middleboxes, embedded } = question;
  const tools = await openTools(question, context.signal);
  let doneCount = 0;
  const progress = (): void => context.progress(`checked ${doneCount} of ${plural(targets.length, 'target')}`);
  progress();
  const countdown = question.surviveMs === null ? null : countDown(question.surviveMs, context);
  const room = question.surviveMs === null ? Number.POSITIVE_INFINITY : targetsThatFit();
  const results = await mapConcurrently([...targets.entries()], question.concurrency, async ([index, target]) => {
    const observation =
      index < room
        ? await observeEndpoint(target, question, tools, context.signal)
        : notObserved(`EMFILE: the limit on open files has room for ${room} idle targets`);
    const result = judgeTarget(target, observation, question, tools, context.failOn);
    doneCount += 1;
    if (countdown === null) progress();
    return result;
  });
  clearInterval(countdown ?? undefined);
  const strictest = strictestMiddlebox(middleboxes);
  return {
    data: {
      embedded,
      middleboxes: [...middleboxes],
      strictest: strictest === null ? null : labelOf(strictest),
      targets: results.map(({ checked }) => checked),
    },
    findings: results.flatMap(({ findings }) => findings),
    gaps: results.flatMap(({ checked }) => checked.gaps),
    interrupted: results.some(({ interrupted }) => interrupted),
  };
}

/** An idle test holds up to three connections, and opens three more at its end. */
const DESCRIPTORS_PER_TARGET = 6;
/** What the program itself has open, and a SYN sweep for a while. */
const DESCRIPTORS_BESIDE = 40;

/** How many targets can idle at once within the limit on open files; the rest would take descriptors from each other. */
function targetsThatFit(): number {
  const limit = descriptorLimit();
  return limit === null
    ? Number.POSITIVE_INFINITY
    : Math.max(1, Math.floor((limit - DESCRIPTORS_BESIDE) / DESCRIPTORS_PER_TARGET));
}

/** Shows how long the idling will still take. */
function countDown(surviveMs: number, { progress }: CommandContext): NodeJS.Timeout {
  const untilMs = performance.now() + surviveMs;
  return setInterval(() => {
    const restMs = untilMs - performance.now();
    progress(
      restMs > 0
        ? `idling, ${formatDuration(Math.ceil(restMs / 1000) * 1000)} left`
        : 'finding out what became of the idle connections',
    );
  }, 1000).unref();
}

/** One target's part of the outcome. */
interface CheckedOne {
  checked: CheckedTarget;
  findings: Finding[];
  interrupted: boolean;
}

function judgeTarget(
  target: Target,
  { addresses, result, session, ping, survived }: EndpointObservation,
  { keepalive, middleboxes, probeCount, certificateMarginMs }: CheckQuestion,
  { host }: EndpointTools,
  failOn: Severity,
): CheckedOne {
  const { kind, address, durationMs, error, attempts } = result;
  const { rttMs, refused, effective, answer, certificate, ended } = session;
  const connect = { kind, durationMs: kind === 'unresolved' ? null : durationMs, rttMs, error };
  const { survival = null, dropper = null, interrupted = false } = typeof survived === 'object' ? (survived ?? {}) : {};
  const settings = settingsToJudge(keepalive, effective, kind === 'connected' ? host : null);
  const proposed = proposeKeepalive({ settings, middleboxes, idleEvidence: idleEvidenceOf(survival) });
  const facts: Facts = {
    ...factsAbout(target.label),
    settings,
    refused,
    middleboxes,
    connection: { ...connect, host: target.host, address, port: target.port, attempts },
    answer,
    ended,
    survival,
    dropper,
    ping,
    certificate,
    certificateMarginMs,
    librarySwitches: proposed === null ? [] : librarySwitches(target.scheme, proposed),
  };
  const findings = judge(facts);
  const missing = kind === 'unmeasured' ? [gap('connection', `this host could not try (${error ?? 'unknown'})`)] : [];
  if (kind === 'connected') {
    missing.push(
      ...gapIn('keepalive settings', effective),
      ...(probeCount === null ? [] : gapIn('answer to keepalive probes', answer)),
      ...gapIn('certificate', certificate),
      ...(typeof survived === 'string' ? [gap('idle test', survived)] : gapsOfSurvival(survival)),
    );
  }
  const gaps = missing.map((part) => ({ subject: target.label, ...part }));
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
    survival,
    dropper,
    ping,
    ...(certificate === null ? {} : { certificate }),
    verdict: decideVerdict(findings, gaps, failOn),
    gaps,
  };
  return { checked, findings, interrupted };
}

type Missing = Omit<Gap, 'subject'>;

const gap = (what: string, reason: string): Missing => ({ what, reason });

function gapIn(what: string, value: Keepalive | KeepaliveAnswer | Certificate | null): Missing[] {
  return value !== null && 'kind' in value && value.kind === 'unmeasured' ? [gap(what, value.reason)] : [];
}

function gapsOfSurvival(survival: Survival | null): Missing[] {
  if (survival === null) return [];
  const arms = survival.arms
    .filter(({ outcome }) => outcome === 'unmeasured')
    .map(({ arm, detail }) => gap(`idle test, ${arm} arm`, detail));
  return arms.length === 0 && survival.cause === 'unknown'
    ? [gap('who ended the idle connections', survival.conclusion)]
    : arms;
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
