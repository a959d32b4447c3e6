import type { Command } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { strictestMiddlebox } from '../../keepalive/keepalive.ts';
import { KERNEL_KEEPALIVE, TCP_RTO_MAX_MS, TCP_RTO_MIN_MS } from '../../keepalive/kernel-timers.ts';
import { labelOf } from '../../keepalive/wording.ts';
import { hostKeepaliveFrom, parseCount, readSysctl, type SysctlReading } from '../../linux/sysctl.ts';
import { factsAbout } from '../../policy/facts.ts';
import { judge } from '../../policy/judge.ts';
import type { Outcome } from '../../report/report.ts';
import type { Keepalive, Middlebox } from '../../report/values.ts';
import type { Room } from '../room.ts';
import {
  type Bounds,
  durationOption,
  givenMiddleboxes,
  integerOption,
  middleboxOption,
  middleboxTimeoutOption,
} from '../shared/options.ts';
import type { SimulateData, SimulatedScenario } from './report.ts';
import {
  retransmissionTimeoutMs,
  simulateDataInFlight,
  simulateIdle,
  simulateZeroWindow,
  steadyPeriodMs,
  type TimelineSettings,
} from './timeline.ts';

/** What values may be: what the kernel takes. MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL and MAX_TCP_KEEPCNT of include/net/tcp.h, and eight bits for retries. */
export const SIMULATE_BOUNDS = {
  idleMs: { min: 1000, max: 32_767_000, step: 1000 },
  intervalMs: { min: 1000, max: 32_767_000, step: 1000 },
  count: { min: 1, max: 127, step: 1 },
  userTimeoutMs: { min: 1, max: 2_147_483_647, step: 1 },
  retries2: { min: 0, max: 255, step: 1 },
  rttMs: { min: 0, max: 60_000, step: 1 },
} as const satisfies Record<string, Bounds>;

/** What the kernel has when nobody changed it (tcp(7), Documentation/networking/ip-sysctl.rst), on a short path. */
export const KERNEL_DEFAULTS: TimelineSettings = {
  keepalive: { enabled: true, ...KERNEL_KEEPALIVE, userTimeoutMs: 0 },
  retries2: 15,
  rttMs: 1,
  rtoMinMs: TCP_RTO_MIN_MS,
  rtoMaxMs: TCP_RTO_MAX_MS,
};

/** Where the settings of `--from-sysctl` come from. */
interface SimulateSources {
  read(name: string): SysctlReading;
}

/** Works out the timeline of a connection under given settings; touches neither network nor clock. */
export const room: Room<SimulateData> = simulateFrom({ read: readSysctl });

/** The same, with the settings of `--from-sysctl` from any source. */
export function simulateFrom({ read }: SimulateSources): Room<SimulateData> {
  return {
    view: async () => (await import('./text.ts')).view,
    declare(command: Command): void {
      command
        .description(
          "Works out, without any network, what Linux's timers do to a connection: when keepalive probes go, when a middlebox forgets, when a dead peer is noticed while idle, with data in flight and with a closed window. What is not given is the kernel's default.",
        )
        .optionsGroup('Settings:')
        .option('--no-keepalive', 'SO_KEEPALIVE off')
        .addOption(
          durationOption(
            '--idle <duration>',
            'TCP_KEEPIDLE: silence before the first probe (default: 2h)',
            SIMULATE_BOUNDS.idleMs,
          ),
        )
        .addOption(
          durationOption(
            '--interval <duration>',
            'TCP_KEEPINTVL: between unanswered probes (default: 75s)',
            SIMULATE_BOUNDS.intervalMs,
          ),
        )
        .addOption(
          integerOption(
            '--count <n>',
            'TCP_KEEPCNT: unanswered probes until the end (default: 9)',
            SIMULATE_BOUNDS.count,
          ),
        )
        .addOption(
          durationOption(
            '--user-timeout <duration>',
            'TCP_USER_TIMEOUT (default: not set)',
            SIMULATE_BOUNDS.userTimeoutMs,
          ),
        )
        .addOption(
          integerOption(
            '--retries2 <n>',
            'net.ipv4.tcp_retries2, for data in flight (default: 15)',
            SIMULATE_BOUNDS.retries2,
          ),
        )
        .addOption(durationOption('--rtt <duration>', 'round trip of the path (default: 1ms)', SIMULATE_BOUNDS.rttMs))
        .option(
          '--from-sysctl',
          "take what is not given from this network namespace's sysctls instead of the kernel's defaults",
        )
        .optionsGroup('Judged against:');
      command.addOption(middleboxOption()).addOption(middleboxTimeoutOption());
      command.addHelpText(
        'after',
        `
Examples:
  kaprobe simulate
  kaprobe simulate --idle 60s --interval 10s --count 6 --middlebox aws-nlb-tcp
  kaprobe simulate --idle 5m --user-timeout 30s --rtt 80ms --format json`,
      );
    },

    async run(_operands, options) {
      const fromSysctl = options['fromSysctl'] === true;
      const { settings, inherited } = readSettings(options, fromSysctl ? read : null);
      return simulateSettings(settings, {
        defaults: fromSysctl ? 'sysctl' : 'kernel',
        inherited,
        middleboxes: givenMiddleboxes(options),
      });
    },
  };
}

/** Which keepalive times nobody gave. */
interface Inherited {
  idle: boolean;
  interval: boolean;
  count: boolean;
}

/** `read` null: the kernel's defaults for what is not given. */
function readSettings(
  options: Record<string, unknown>,
  read: SimulateSources['read'] | null,
): { settings: TimelineSettings; inherited: Inherited } {
  const number = (name: string): number | null => {
    const value = options[name];
    return typeof value === 'number' ? value : null;
  };
  const enabled = options['keepalive'] !== false;
  const given = { idle: number('idle'), interval: number('interval'), count: number('count') };
  if (!enabled && Object.values(given).some((value) => value !== null)) {
    throw new UsageError('--no-keepalive contradicts --idle, --interval and --count', 'leave one of them out');
  }
  const defaults = read === null ? KERNEL_DEFAULTS : defaultsFrom(read);
  const keepalive: Keepalive = {
    enabled,
    idleMs: given.idle ?? defaults.keepalive.idleMs,
    intervalMs: given.interval ?? defaults.keepalive.intervalMs,
    count: given.count ?? defaults.keepalive.count,
    userTimeoutMs: number('userTimeout') ?? 0,
  };
  if (keepalive.idleMs < 1000 || keepalive.intervalMs < 1000) {
    throw new UsageError('a keepalive time of this network namespace is 0', 'give --idle and --interval');
  }
  const settings = {
    ...defaults,
    keepalive,
    retries2: number('retries2') ?? defaults.retries2,
    rttMs: number('rtt') ?? defaults.rttMs,
  };
  return {
    settings,
    inherited: { idle: given.idle === null, interval: given.interval === null, count: given.count === null },
  };
}

/** What this network namespace has; the kernel's default for a setting that its kernel is without. Throws a UsageError for any other gap. */
function defaultsFrom(read: SimulateSources['read']): TimelineSettings {
  const keepalive = hostKeepaliveFrom(read);
  if ('kind' in keepalive) throw new UsageError(`--from-sysctl: ${keepalive.reason}`, 'give the values instead');
  const count = (name: string, standard: number): number => {
    const reading = read(name);
    if (reading.kind === 'unreadable') {
      if (reading.errno === 'ENOENT') return standard;
      throw new UsageError(`--from-sysctl: ${reading.reason}`, 'leave --from-sysctl out');
    }
    const value = parseCount(reading.text);
    if (value === null) throw new UsageError(`--from-sysctl: ${name} reads "${reading.text}", which is not a number`);
    return value;
  };
  return {
    ...KERNEL_DEFAULTS,
    keepalive,
    retries2: count('net.ipv4.tcp_retries2', KERNEL_DEFAULTS.retries2),
    rtoMinMs: count('net.ipv4.tcp_rto_min_us', KERNEL_DEFAULTS.rtoMinMs * 1000) / 1000,
    rtoMaxMs: count('net.ipv4.tcp_rto_max_ms', KERNEL_DEFAULTS.rtoMaxMs),
  };
}

/** Works it all out, for settings that are within their bounds. */
export function simulateSettings(
  settings: TimelineSettings,
  context: { defaults: SimulateData['defaults']; inherited: Inherited; middleboxes: Middlebox[] },
): Outcome<SimulateData> {
  const { defaults, inherited, middleboxes } = context;
  const { keepalive, retries2, rttMs, rtoMinMs, rtoMaxMs } = settings;
  // The rules name the sysctl for an inherited value: only right when it is this host's.
  const inheritedHere = defaults === 'sysctl' ? inherited : { idle: false, interval: false, count: false };
  const strictest = strictestMiddlebox(middleboxes);
  return {
    data: {
      defaults,
      keepalive,
      retries2,
      rttMs,
      rtoMinMs,
      rtoMaxMs,
      rtoMs: retransmissionTimeoutMs(settings),
      probePeriodMs: keepalive.enabled ? steadyPeriodMs(settings) : null,
      middleboxes,
      strictest: strictest === null ? null : labelOf(strictest),
      scenarios: scenariosOf(settings, middleboxes),
    },
    findings: judge({
      ...factsAbout('simulate'),
      settings: { keepalive, basis: 'planned', inherited: inheritedHere },
      middleboxes,
    }),
    gaps: [],
  };
}

function scenariosOf(settings: TimelineSettings, middleboxes: readonly Middlebox[]): SimulatedScenario[] {
  const direct = { middleboxTimeoutMs: null };
  return [
    { scenario: 'idle', middlebox: null, ...simulateIdle(settings, { peer: 'answers', ...direct }) },
    ...middleboxes.map((middlebox) => throughMiddlebox(settings, middlebox)),
    { scenario: 'dead-peer-idle', middlebox: null, ...simulateIdle(settings, { peer: 'dead', ...direct }) },
    { scenario: 'dead-peer-data', middlebox: null, ...simulateDataInFlight(settings) },
    { scenario: 'zero-window', middlebox: null, ...simulateZeroWindow(settings, 'answers') },
    { scenario: 'dead-peer-zero-window', middlebox: null, ...simulateZeroWindow(settings, 'dead') },
  ];
}

/** A box whose timer no probe reaches lets the connection go on its own time, whatever the kernel does. */
function throughMiddlebox(settings: TimelineSettings, middlebox: Middlebox): SimulatedScenario {
  const { idleTimeoutMs, keepaliveRefreshes } = middlebox;
  const event = {
    event: 'middlebox-forgets',
    atMs: idleTimeoutMs,
    count: 1,
    everyMs: null,
    lastAtMs: idleTimeoutMs,
  } as const;
  return keepaliveRefreshes === false
    ? { scenario: 'middlebox', middlebox, events: [event], end: { kind: 'forgotten', atMs: idleTimeoutMs } }
    : {
        scenario: 'middlebox',
        middlebox,
        ...simulateIdle(settings, { peer: 'answers', middleboxTimeoutMs: idleTimeoutMs }),
      };
}
