import type { Command } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { keepaliveFacts, type Settings } from '../../keepalive/facts.ts';
import { KERNEL_KEEPALIVE, TCP_RTO_MAX_MS, TCP_RTO_MIN_MS } from '../../keepalive/kernel-timers.ts';
import { rules as keepaliveRules } from '../../keepalive/rules/registry.generated.ts';
import { labelOf } from '../../keepalive/wording.ts';
import { hostKeepaliveFrom, parseCount, readSysctl, type SysctlReading } from '../../linux/sysctl.ts';
import { judge } from '../../report/finding.ts';
import type { Outcome } from '../../report/report.ts';
import type { Keepalive, Middlebox } from '../../report/values.ts';
import { defineRoom, type Room } from '../room.ts';
import {
  type Bounds,
  countOption,
  durationOption,
  givenMiddleboxes,
  idleOption,
  integerOption,
  intervalOption,
  KEEPALIVE_BOUNDS,
  middleboxOption,
  middleboxTimeoutOption,
  userTimeoutOption,
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

/** What values may be: what the kernel takes, which keeps tcp_retries2 in eight bits. */
export const SIMULATE_BOUNDS = {
  ...KEEPALIVE_BOUNDS,
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

const EXAMPLES = `
Examples:
  kaprobe simulate
  kaprobe simulate --idle 60s --interval 10s --count 6 --middlebox aws-nlb-tcp
  kaprobe simulate --idle 5m --user-timeout 30s --rtt 80ms --format json`;

/** Where the settings of `--from-sysctl` come from. */
interface SimulateSources {
  read(name: string): SysctlReading;
}

/** The defaults are shown and not set: with `--from-sysctl` others hold. */
const declare = (command: Command) =>
  command
    .description(
      "Works out, without any network, what Linux's timers do to a connection: when keepalive probes go, when a middlebox forgets, when a dead peer is noticed while idle, with data in flight and with a closed window. What is not given is the kernel's default.",
    )
    .optionsGroup('Settings:')
    .option('--no-keepalive', 'SO_KEEPALIVE off')
    .addOption(idleOption({ shownDefault: KERNEL_DEFAULTS.keepalive.idleMs }))
    .addOption(intervalOption({ shownDefault: KERNEL_DEFAULTS.keepalive.intervalMs }))
    .addOption(countOption({ shownDefault: KERNEL_DEFAULTS.keepalive.count }))
    .addOption(userTimeoutOption({ shownDefault: 'not set' }))
    .addOption(
      integerOption('--retries2 <n>', 'net.ipv4.tcp_retries2, for data in flight', {
        ...SIMULATE_BOUNDS.retries2,
        shownDefault: KERNEL_DEFAULTS.retries2,
      }),
    )
    .addOption(
      durationOption('--rtt <duration>', 'round trip of the path', {
        ...SIMULATE_BOUNDS.rttMs,
        default: KERNEL_DEFAULTS.rttMs,
      }),
    )
    .option(
      '--from-sysctl',
      "take what is not given from this network namespace's sysctls instead of the kernel's defaults",
    )
    .optionsGroup('Judged against:')
    .addOption(middleboxOption())
    .addOption(middleboxTimeoutOption())
    .addHelpText('after', EXAMPLES);

type Options = ReturnType<ReturnType<typeof declare>['opts']>;

/** Works out the timeline of a connection under given settings; touches neither network nor clock. */
export const room: Room<SimulateData> = simulateFrom({ read: readSysctl });

/** The same, with the settings of `--from-sysctl` from any source. */
export function simulateFrom({ read }: SimulateSources): Room<SimulateData> {
  return defineRoom({
    view: async () => (await import('./text.ts')).view,
    declare,
    async run(_operands, options) {
      const { fromSysctl = false } = options;
      const { settings, inherited } = readSettings(options, fromSysctl ? read : null);
      return simulateSettings(settings, {
        defaults: fromSysctl ? 'sysctl' : 'kernel',
        inherited,
        middleboxes: givenMiddleboxes(options),
      });
    },
  });
}

/** `read` null: the kernel's defaults for what is not given. */
function readSettings(
  options: Options,
  read: SimulateSources['read'] | null,
): { settings: TimelineSettings; inherited: Settings['inherited'] } {
  const { keepalive: enabled, idle, interval, count } = options;
  if (!enabled && [idle, interval, count].some((value) => value !== undefined)) {
    throw new UsageError('--no-keepalive contradicts --idle, --interval and --count', 'leave one of them out');
  }
  const defaults = read === null ? KERNEL_DEFAULTS : defaultsFrom(read);
  const keepalive: Keepalive = {
    enabled,
    idleMs: idle ?? defaults.keepalive.idleMs,
    intervalMs: interval ?? defaults.keepalive.intervalMs,
    count: count ?? defaults.keepalive.count,
    userTimeoutMs: options.userTimeout ?? 0,
  };
  if (keepalive.idleMs < 1000 || keepalive.intervalMs < 1000) {
    throw new UsageError('a keepalive time of this network namespace is 0', 'give --idle and --interval');
  }
  return {
    settings: { ...defaults, keepalive, retries2: options.retries2 ?? defaults.retries2, rttMs: options.rtt },
    inherited: { idle: idle === undefined, interval: interval === undefined, count: count === undefined },
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
  context: { defaults: SimulateData['defaults']; inherited: Settings['inherited']; middleboxes: Middlebox[] },
): Outcome<SimulateData> {
  const { defaults, inherited, middleboxes } = context;
  const { keepalive, retries2, rttMs, rtoMinMs, rtoMaxMs } = settings;
  // The rules name the sysctl for an inherited value: only right when it is this host's.
  const inheritedHere = defaults === 'sysctl' ? inherited : { idle: false, interval: false, count: false };
  const facts = keepaliveFacts({ settings: { keepalive, basis: 'planned', inherited: inheritedHere }, middleboxes });
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
      strictest: facts.strictest === null ? null : labelOf(facts.strictest),
      scenarios: scenariosOf(settings, middleboxes),
    },
    findings: judge(keepaliveRules, 'simulate', facts),
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
