import { keepaliveFacts } from '../../keepalive/facts.ts';
import { deadAfterMs } from '../../keepalive/keepalive.ts';
import { connectionsPerSecond, deadWriteAfter } from '../../keepalive/kernel-timers.ts';
import { rules as keepaliveRules } from '../../keepalive/rules/registry.generated.ts';
import { inNetworkNamespaceOf } from '../../linux/network-namespace.ts';
import {
  count,
  countIfPresent,
  hostKeepaliveFrom,
  portSettingsFrom,
  readSysctl,
  type SysctlReading,
} from '../../linux/sysctl.ts';
import { type Finding, judge } from '../../report/finding.ts';
import type { Outcome } from '../../report/report.ts';
import type { Keepalive, Middlebox } from '../../report/values.ts';
import { defineRoom, type Room } from '../room.ts';
import {
  givenMiddleboxes,
  HIGHEST_PID,
  integerOption,
  middleboxOption,
  middleboxTimeoutOption,
} from '../shared/options.ts';
import type { SysctlFacts } from './facts.ts';
import { KEEPALIVE_APPLIES_TO, type SysctlData, type SysctlSetting } from './report.ts';
import { rules as sysctlRules } from './rules/registry.generated.ts';
import { type KnownSetting, sysctlSettings } from './settings.ts';
import { sysctlFile } from './sysctl-file.ts';

const EXAMPLES = `
Examples:
  kaprobe sysctl
  kaprobe sysctl --middlebox juniper-srx-tcp
  kaprobe sysctl --middlebox-timeout 6m --recommend`;

/** Where the settings come from. */
export interface SysctlSources {
  read(name: string): SysctlReading;
  /** Runs a synchronous look in the network namespace of a process. */
  inNetworkNamespaceOf<T>(pid: number, look: () => T): Promise<T>;
}

const THIS_HOST: SysctlSources = { read: readSysctl, inNetworkNamespaceOf };

/** Shows and judges the keepalive settings of this host. */
export const room: Room<SysctlData> = sysctlFrom(THIS_HOST);

/** The same from any sources. */
export function sysctlFrom(sources: SysctlSources): Room<SysctlData> {
  return defineRoom({
    view: async () => (await import('./text.ts')).view,
    declare: (command) =>
      command
        .description(
          "Shows this network namespace's keepalive, retransmission, TIME_WAIT, port and conntrack settings, works out what they amount to, and judges them against the middleboxes given.",
        )
        .optionsGroup('Target:')
        .addOption(
          integerOption('--pid <pid>', 'read the network namespace of this process, such as one in a container', {
            min: 1,
            max: HIGHEST_PID,
          }),
        )
        .optionsGroup('Judged against:')
        .addOption(middleboxOption())
        .addOption(middleboxTimeoutOption())
        .optionsGroup('Output:')
        .option('--recommend', 'add the lines of a sysctl.d file that suits the strictest middlebox')
        .addHelpText('after', EXAMPLES),

    run: async (_operands, { pid = null, recommend = false, ...options }) =>
      judgeSysctls({ pid, middleboxes: givenMiddleboxes(options), recommend }, sources),
  });
}

/** What `sysctl` is asked. */
interface SysctlQuestion {
  /** Whose network namespace; null: kaprobe's own. */
  pid: number | null;
  middleboxes: Middlebox[];
  /** Whether to add the lines of a sysctl.d file. */
  recommend: boolean;
}

/** Reads the settings, and judges them. */
export async function judgeSysctls(
  question: SysctlQuestion,
  sources: SysctlSources = THIS_HOST,
): Promise<Outcome<SysctlData>> {
  const look = (): Map<string, SysctlReading> => new Map(sysctlSettings.map(({ name }) => [name, sources.read(name)]));
  const { pid } = question;
  return judgeReadings(pid === null ? look() : await sources.inNetworkNamespaceOf(pid, look), question);
}

function judgeReadings(
  readings: ReadonlyMap<string, SysctlReading>,
  { pid, middleboxes, recommend }: SysctlQuestion,
): Outcome<SysctlData> {
  const read = (name: string): SysctlReading =>
    readings.get(name) ?? { kind: 'unreadable', errno: null, reason: `${name} was not read` };
  const keepalive = hostKeepaliveFrom(read);
  const known = 'kind' in keepalive ? null : keepalive;
  const facts = factsFrom(read, known, middleboxes);
  const data: SysctlData = {
    pid,
    settings: sysctlSettings.map((setting) => describe(setting, read(setting.name))),
    keepalive,
    keepaliveAppliesTo: KEEPALIVE_APPLIES_TO,
    firstProbeAfterMs: known?.idleMs ?? null,
    deadAfterMs: known === null ? null : deadAfterMs(known),
    deadWriteAfterMs: deriveDeadWrite(read),
    connectionsPerSecond: deriveConnections(read),
    middleboxes,
    middlebox: facts.strictest,
    recommended: recommend ? sysctlFile(middleboxes) : null,
  };
  const findings = judge([...keepaliveRules, ...sysctlRules], 'sysctl', facts);
  return {
    data,
    findings: pid === null ? findings : findings.map((finding) => aimedAt(pid, finding)),
    gaps: 'kind' in keepalive ? [{ subject: 'sysctl', what: 'keepalive settings', reason: keepalive.reason }] : [],
  };
}

function factsFrom(
  read: (name: string) => SysctlReading,
  keepalive: Keepalive | null,
  middleboxes: readonly Middlebox[],
): SysctlFacts {
  const establishedSeconds = count(read('net.netfilter.nf_conntrack_tcp_timeout_established'));
  const recycle = count(read('net.ipv4.tcp_tw_recycle'));
  return {
    ...keepaliveFacts({
      settings:
        keepalive === null
          ? null
          : { keepalive, basis: 'sysctl', inherited: { idle: true, interval: true, count: true } },
      middleboxes,
    }),
    localConntrackEstablishedMs: establishedSeconds === null ? null : establishedSeconds * 1000,
    tcpTwRecycle: recycle === null ? null : recycle !== 0,
  };
}

/** One row. A setting that this kernel or namespace is without is no gap: its absence is the answer. */
function describe({ absent, ...known }: KnownSetting, reading: SysctlReading): SysctlSetting {
  if (reading.kind === 'unreadable') {
    const reason = reading.errno === 'ENOENT' ? absent : reading.reason;
    return { ...known, value: null, reason, differs: null };
  }
  return {
    ...known,
    value: reading.text,
    reason: null,
    differs: known.default === null ? null : reading.text !== known.default,
  };
}

/** A kernel without the newer settings has their values fixed; one that hides them leaves the answer open. */
function deriveDeadWrite(read: (name: string) => SysctlReading): SysctlData['deadWriteAfterMs'] {
  const retries2 = count(read('net.ipv4.tcp_retries2'));
  const rtoMaxMs = countIfPresent(read('net.ipv4.tcp_rto_max_ms'));
  const rtoMinUs = countIfPresent(read('net.ipv4.tcp_rto_min_us'));
  if (retries2 === null || rtoMaxMs === null || rtoMinUs === null) return null;
  return deadWriteAfter(
    retries2,
    rtoMinUs === 'absent' ? null : rtoMinUs / 1000,
    rtoMaxMs === 'absent' ? null : rtoMaxMs,
  );
}

function deriveConnections(read: (name: string) => SysctlReading): number | null {
  const settings = portSettingsFrom(read);
  return settings === null ? null : connectionsPerSecond(settings);
}

/** What is to be set must be set where it was read: pasted as it is, the line would change kaprobe's own namespace. */
function aimedAt(pid: number, finding: Finding): Finding {
  const remedy = finding.remedy.map((line) =>
    line.startsWith('sysctl -w ') ? `nsenter --target ${pid} --net ${line}` : line,
  );
  return { ...finding, remedy };
}
