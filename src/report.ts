/**
 * The report: what every command returns and every renderer reads. It is plain data that survives JSON unchanged.
 *
 * Times are milliseconds and say so in their name. What was not measured is `null` or an `Unmeasured` with the reason; it is never
 * 0, false or an empty text. Lists are always present.
 */

/** Version of the JSON form: the second number rises when something is added, the first when something breaks. */
export const SCHEMA_VERSION = '1.0';

export const SEVERITIES = ['info', 'warning', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Stands in the place of a value that could not be measured. */
export interface Unmeasured {
  kind: 'unmeasured';
  reason: string;
}

export function unmeasured(reason: string): Unmeasured {
  return { kind: 'unmeasured', reason };
}

/** What can stand in a finding's evidence. */
export type EvidenceValue = string | number | boolean | null | readonly string[];

/** One judgement: made by the rule named, about the subject named, resting on the evidence beside it. */
export interface Finding {
  rule: string;
  severity: Severity;
  subject: string;
  message: string;
  /** Measured and given values; the unit is in the name. */
  evidence: Record<string, EvidenceValue>;
  /** Lines to paste, each complete; a line that starts with `#` explains those after it. */
  remedy: string[];
}

/** `ok`: measured, and nothing wrong. `findings`: a warning or an error, or anything at the level of `--fail-on`. `unmeasured`: could not tell. */
export type Verdict = 'ok' | 'findings' | 'unmeasured';

/** 0: measured and nothing wrong. 1: findings at or above `--fail-on`. 2: could not tell. 130: interrupted, with what was known by then. */
export type ReportExitCode = 0 | 1 | 2 | 130;

/** What a command hands to the program: the report without its envelope. */
export interface Outcome<C extends CommandName> {
  command: C;
  data: ReportData[C];
  findings: Finding[];
  /** Decides between `ok` and `unmeasured`. */
  gaps: Gap[];
  /** The work was ended before its time, and this is what was known by then. */
  interrupted?: boolean;
}

/** What a command hands to the program instead, when it let another program answer: stdout was that program's, and so is the exit code. */
export interface PassedThrough {
  kind: 'passed-through';
  /** 128 + n when signal n ended the program, as shells have it. */
  exitCode: number;
  /** For stderr: what went wrong besides, in sentences without a full stop. */
  remarks: string[];
}

/** Something that was asked for and could not be measured. */
export interface Gap {
  subject: string;
  what: string;
  reason: string;
}

export interface Report<C extends CommandName = CommandName> {
  schemaVersion: typeof SCHEMA_VERSION;
  tool: { name: 'kaprobe'; version: string };
  command: C;
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  data: ReportData[C];
  findings: Finding[];
  /** What was asked for but could not be measured. */
  gaps: Gap[];
  verdict: Verdict;
  exitCode: ReportExitCode;
}

/** Which command returns which data. */
export interface ReportData {
  check: CheckData;
  sysctl: SysctlData;
  middleboxes: MiddleboxesData;
  lab: LabData;
  simulate: SimulateData;
  serve: ServeData;
  measure: MeasureData;
}

export type CommandName = keyof ReportData;

/** A report of some command, told apart by `command`. */
export type AnyReport = { [C in CommandName]: Report<C> }[CommandName];

/** TCP keepalive as one socket has it (tcp(7): SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT). */
export interface Keepalive {
  enabled: boolean;
  /** Silence before the first probe. */
  idleMs: number;
  /** Between one unanswered probe and the next. */
  intervalMs: number;
  /** Unanswered probes before the kernel gives the connection up. */
  count: number;
  /** 0 is the kernel's own word for "not set". */
  userTimeoutMs: number;
}

/** TCP keepalive as asked for; null leaves the value to the host. */
export interface RequestedKeepalive {
  enabled: boolean;
  idleMs: number | null;
  intervalMs: number | null;
  count: number | null;
  userTimeoutMs: number | null;
}

/** A setting that the kernel would not take. */
export interface RefusedSetting {
  option: string;
  requested: number;
  unit: 's' | 'probes' | 'ms';
  errno: string;
}

/** Did the far end acknowledge keepalive probes? Asked with probes one second apart, without payload. */
export type KeepaliveAnswer =
  | {
      kind: 'answered';
      /** From the sending of the answered probe to its acknowledgement; an upper bound, as exact as the polling was. */
      afterMs: number;
      /** Probes sent until one was answered. */
      probeCount: number;
    }
  | {
      kind: 'unanswered';
      /** From the first probe until the search was given up. */
      afterMs: number;
      probeCount: number;
      /** What a new connection to the same address came to right afterwards. */
      freshConnect: ConnectKind | null;
    }
  | Unmeasured;

/** `unmeasured`: this host could not even try (no descriptors, no ports left). */
export type ConnectKind = 'connected' | 'refused' | 'timed-out' | 'unreachable' | 'unresolved' | 'unmeasured';

/** One connection attempt to one address. */
export interface ConnectAttempt {
  address: string;
  kind: ConnectKind;
  durationMs: number;
  /** The errno's name, such as ECONNREFUSED; null when connected. */
  error: string | null;
}

export interface Connect {
  kind: ConnectKind;
  /** Name resolution excluded; null when there was nothing to connect to. */
  durationMs: number | null;
  /** The kernel's smoothed round-trip time right after the handshake (tcpi_rtt); null when not connected or not readable. */
  rttMs: number | null;
  error: string | null;
}

export type Ping =
  | { kind: 'answered'; rttMs: number }
  | { kind: 'unanswered'; rttMs: null }
  | (Unmeasured & { rttMs: null });

/** The certificate that a TLS server presented. Its texts come from outside. */
export type Certificate =
  | {
      kind: 'presented';
      subject: string;
      issuer: string;
      /** ISO 8601; null when the certificate's own text cannot be read as a date. */
      validFrom: string | null;
      validTo: string | null;
      /** Negative when it has expired. */
      remainingMs: number | null;
      lifetimeMs: number | null;
      /** Whether this host trusts it for this name. */
      trusted: boolean;
      /** Why not, as OpenSSL or Node names it (`CERT_HAS_EXPIRED`); null when trusted. */
      error: string | null;
      protocol: string | null;
    }
  | { kind: 'handshake-failed'; error: string }
  | Unmeasured;

/** How a connection ended by itself while it was looked at; null when it did not. */
export type EarlyEnd =
  | null
  | { kind: 'closed'; afterMs: number }
  | { kind: 'reset'; afterMs: number }
  | { kind: 'failed'; afterMs: number; error: string };

/** What a connection that idled came to. `stalled`: silence. `unreachable`: ICMP or no route. */
export type SurvivalOutcome = 'alive' | 'stalled' | 'reset' | 'closed' | 'unreachable' | 'unmeasured';

/** What TCP_INFO said of a connection (struct tcp_info, linux/tcp.h); null: this kernel does not tell. */
export interface TcpInfoSample {
  /** tcpi_probes. */
  unansweredProbes: number;
  /** tcpi_last_ack_recv. */
  lastAckReceivedMs: number | null;
  /** tcpi_segs_out, tcpi_segs_in. */
  segmentsOut: number | null;
  segmentsIn: number | null;
}

/** One of several connections that idle side by side under different treatment. */
export interface SurvivalArm {
  /** `silent`: keepalive off. `keepalive`: as asked for. `application`: a minimal request of the protocol at the keepalive's pace. */
  arm: 'silent' | 'keepalive' | 'application';
  outcome: SurvivalOutcome;
  /** From the last segment received before the test (or the end) to it; null when unmeasured. */
  idleMs: number | null;
  /** When the outcome was known, since the connection was made; null when unmeasured. */
  atMs: number | null;
  /** Whether the end came by itself, during the wait, rather than in answer to a probe. */
  unprovoked: boolean;
  /** The errno that ended it; null when it has none. */
  error: string | null;
  /** Probes sent to find out. */
  probeCount: number;
  /** The kernel's view before the first probe and at the verdict; null when it was not probed, or ended meanwhile. */
  tcpInfo: { before: TcpInfoSample; after: TcpInfoSample | null } | null;
  /** The evidence in a sentence, or why there is none. */
  detail: string;
}

/** Who ended the idle connections, as far as the evidence goes. */
export type SurvivalCause = 'none' | 'middlebox' | 'peer' | 'host-down' | 'unknown';

export interface Survival {
  /** How long the connections were left alone. */
  idleMs: number;
  arms: SurvivalArm[];
  cause: SurvivalCause;
  /** What a new connection to the same address came to after the wait; null when there was no need to try. */
  freshConnect: ConnectKind | null;
  /** One sentence. */
  conclusion: string;
  /** The chance that a living connection would be called stalled if a fifth of all packets were lost each way, independently. */
  falseStallProbability: number;
}

/** One hop of the path, as seen by packets whose TTL ends there. */
export interface Hop {
  hop: number;
  /** The address that answered a SYN that ended here; null when none did. */
  address: string | null;
  /** Whether a segment of the stalled flow that ended here was answered; null when not tried. */
  flowAnswered: boolean | null;
}

/** Where on the path the stalled flow is dropped: the box at `lastAnsweringHop` or the one behind it, `hop`. */
export interface Dropper {
  /** The first hop from which the stalled flow draws no answer though a SYN does; null when the hops do not tell. */
  hop: number | null;
  address: string | null;
  /** The last hop that still answers for the stalled flow; 0 is this host. */
  lastAnsweringHop: number | null;
  lastAnsweringAddress: string | null;
  hops: Hop[];
  /** What this rests on and what blurs it, in a sentence. */
  doubt: string;
}

/** Something on the path that holds per-connection state, as given by the user. */
export interface Middlebox {
  /** The preset's id, or `given` for a bare timeout. */
  id: string;
  name: string;
  idleTimeoutMs: number;
  /** Does an empty keepalive segment restart its idle timer? null: not known. */
  keepaliveRefreshes: boolean | null;
  /** How sure the facts are; null for a timeout given by the user. */
  confidence: string | null;
  source: string | null;
  /** What changes its timeout; null for a timeout given by the user. */
  configurableWith: string | null;
}

export interface CheckedTarget {
  /** As it was given, without any user name and password. */
  target: string;
  scheme: string;
  host: string;
  /** The address that the connection was made to; null when none was. */
  address: string | null;
  port: number;
  /** All addresses of the name, in the order of the resolver. */
  addresses: string[];
  connect: Connect;
  attempts: ConnectAttempt[];
  keepalive: {
    requested: RequestedKeepalive;
    refused: RefusedSetting[];
    effective: Keepalive | Unmeasured;
    answer: KeepaliveAnswer;
  };
  ended: EarlyEnd;
  /** What became of connections that idled for real; null unless asked for, or when the target could not be connected to. */
  survival: Survival | null;
  /** Where on the path a stalled connection is dropped; null when none stalled, or nobody looked. */
  dropper: Dropper | null;
  ping: Ping;
  /** Only where the scheme asks for TLS. */
  certificate?: Certificate;
  verdict: Verdict;
  gaps: Gap[];
}

export interface CheckData {
  /** True when the only target was kaprobe's own server on loopback. */
  embedded: boolean;
  /** All that were given. */
  middleboxes: Middlebox[];
  /** The one that decides: the shortest timeout among those that keepalive can refresh; null when there is none. */
  strictest: string | null;
  targets: CheckedTarget[];
}

/** One kernel setting of this network namespace. */
export interface SysctlSetting {
  /** With dots, as sysctl(8) writes it. */
  name: string;
  /** As the kernel prints it; null when it cannot be read, see `reason`. */
  value: string | null;
  /** Why there is no value; null when there is one. */
  reason: string | null;
  /** The kernel's own default; null where it depends on the machine. */
  default: string | null;
  differs: boolean | null;
  unit: string | null;
  meaning: string;
  group: 'keepalive' | 'retry' | 'time-wait' | 'ports' | 'conntrack';
}

/** The limit of every keepalive sysctl (tcp(7)): a program that never sets SO_KEEPALIVE sends no probe, whatever they say. */
export const KEEPALIVE_APPLIES_TO = 'sockets with SO_KEEPALIVE on that set no keepalive times of their own';

export interface SysctlData {
  /** Whose network namespace: null is kaprobe's own. */
  pid: number | null;
  settings: SysctlSetting[];
  /** What a socket that only sets SO_KEEPALIVE gets here. */
  keepalive: Keepalive | Unmeasured;
  /** Which sockets these values touch at all. */
  keepaliveAppliesTo: typeof KEEPALIVE_APPLIES_TO;
  firstProbeAfterMs: number | null;
  deadAfterMs: number | null;
  /** How long a write into a dead connection hangs before ETIMEDOUT (tcp_retries2), from the smallest RTO to one of a slow path. */
  deadWriteAfterMs: { lowerMs: number; upperMs: number } | null;
  /** New connections per second to one destination that the port range and TIME_WAIT leave room for. */
  connectionsPerSecond: number | null;
  middleboxes: Middlebox[];
  middlebox: { id: string; idleTimeoutMs: number } | null;
  /** The lines of a complete sysctl.d file; null when not asked for. */
  recommended: string[] | null;
}

export interface MiddleboxPreset {
  id: string;
  name: string;
  vendor: string;
  kind: 'firewall' | 'nat' | 'cloud-nat' | 'l4-lb' | 'l7-proxy' | 'cni' | 'vpn';
  protocol: 'tcp' | 'udp';
  /** null: no default, or none published. */
  idleTimeoutMs: number | null;
  /** Where it can be set: from and to. */
  rangeMs: readonly [number, number] | null;
  expiry: { behaviour: 'silent-drop' | 'rst' | 'fin' | 'unknown'; confidence: Confidence };
  configurableWith: string | null;
  source: { url: string | null; note: string; confidence: Confidence };
  keepalive: { refreshes: boolean | null; basis: 'read' | 'inferred-from-kind' | 'unknown' };
}

/** How a fact is known: read at a stable address, read without one, or from memory (to be checked before it is trusted). */
export type Confidence = 'verified-by-reading' | 'read-without-address' | 'recalled';

export interface MiddleboxesData {
  search: string | null;
  presets: MiddleboxPreset[];
}

/** A stateful firewall of the throw-away network, as it was set up. */
export interface LabFirewall {
  /** After how long without packets it forgets a flow; null: not within the run. */
  idleTimeoutMs: number | null;
  /** What it does with a segment of a flow that it has forgotten; `relearn`: take it for the beginning of a new one. */
  onExpiry: 'drop' | 'reset' | 'icmp' | 'relearn';
  /** Whether it puts its own address in place of the client's. */
  nat: boolean;
  /** Whether segments without payload leave its idle timer as it is. */
  keepaliveBlind: boolean;
}

/** One host of the throw-away network. */
export interface LabNetworkHost {
  /** `client`, `router-1`, `firewall-1`, … */
  name: string;
  role: 'client' | 'router' | 'firewall' | 'server';
  /** The TTL at which the client reaches it; 0 is the client itself. */
  hop: number;
  /** On the side of the client, in the family of the target: with it the host answers an expired TTL. */
  address: string;
  /** Only of a firewall; null for all others. */
  firewall: LabFirewall | null;
}

/** The demonstration: a real check in a network of which everything is known. */
export interface LabData {
  /** With whose rights the network was made. */
  privilege: 'root' | 'user-namespace';
  /** From the client to the server: number k is hop k. */
  network: LabNetworkHost[];
  /** Share of packets that the router next to the client loses, in each direction. */
  lossPercent: number;
  /** The server that the connections were made to. */
  target: string;
  /** The command that was run on the client, without `--format`. */
  command: string[];
  /** Its data; null when it did not come to an end, for the reason in `gaps`. */
  demonstration: CheckData | null;
  /** What that command found; none of it is wrong with this host. */
  found: Finding[];
  /** The firewall that the idle connection's next segment meets first, of those that have forgotten it and do not let it pass. */
  forgetful: { name: string; address: string; hop: number } | null;
  /** Whether that is the box that was named; null when none was named, or none had to be. */
  namedRight: boolean | null;
  /** Lines to paste that give a socket the keepalive that was shown to save the connection; null when it was not. */
  fix: string[] | null;
}

/** What a simulated connection meets. */
export interface SimulatedEvent {
  event:
    | 'probe-answered'
    | 'probe-unanswered'
    | 'middlebox-forgets'
    /** The tail loss probe: data sent again before the first retransmission timeout counts. */
    | 'loss-probe'
    | 'retransmission'
    | 'window-probe-answered'
    | 'window-probe-unanswered';
  /** The first time, on the scenario's own clock. */
  atMs: number;
  /** How often in a row, `everyMs` apart; null for once. */
  count: number;
  everyMs: number | null;
  lastAtMs: number;
}

/** How a simulated connection ends. */
export type SimulatedEnd =
  /** It does not: it goes on as the last events did. */
  | { kind: 'alive' }
  /** The peer or the middlebox is gone and nothing is ever sent that could find out. */
  | { kind: 'unnoticed' }
  /** The middlebox ends it, whatever is sent. */
  | { kind: 'forgotten'; atMs: number }
  /** The kernel gives it up with ETIMEDOUT. */
  | {
      kind: 'given-up';
      by: 'probe-count' | 'user-timeout' | 'retries';
      /** With timers that are punctual. */
      atMs: number;
      /** Between these with the kernel's own, which fire late. */
      earliestMs: number;
      latestMs: number;
    };

/** One thing that can become of a connection. Each has a clock of its own, which begins as the name says. */
export interface SimulatedScenario {
  /**
   * `idle`, `middlebox`, `dead-peer-idle`: from the last segment received. `dead-peer-data`: from the write. `dead-peer-zero-window`,
   * `zero-window`: from the acknowledgement that closed the peer's window while more data was waiting.
   */
  scenario: 'idle' | 'middlebox' | 'dead-peer-idle' | 'dead-peer-data' | 'zero-window' | 'dead-peer-zero-window';
  /** Only of `middlebox`: which of those given; null for all others. */
  middlebox: Middlebox | null;
  events: SimulatedEvent[];
  end: SimulatedEnd;
}

export interface SimulateData {
  /** Where what was not given comes from. */
  defaults: 'kernel' | 'sysctl';
  keepalive: Keepalive;
  /** net.ipv4.tcp_retries2. */
  retries2: number;
  rttMs: number;
  rtoMinMs: number;
  rtoMaxMs: number;
  /** The first retransmission timeout that these make. */
  rtoMs: number;
  /** Between answered probes; null when none are sent. */
  probePeriodMs: number | null;
  middleboxes: Middlebox[];
  strictest: string | null;
  scenarios: SimulatedScenario[];
}

/** The connections that one address made. */
export interface ServedClient {
  address: string;
  connections: number;
  receivedBytes: number;
  sentBytes: number;
}

export interface ServeData {
  host: string;
  port: number;
  mode: 'hold' | 'echo';
  maxConnections: number;
  /** How long it was to listen at most, and how long it did. */
  forMs: number;
  listenedMs: number;
  endedBy: 'time' | 'interrupt';
  /** Connections: taken, turned away because there were too many, at once at most, and still open at the end. */
  accepted: number;
  refused: number;
  peak: number;
  open: number;
  /** Times that it spoke first, as it was asked to. */
  spoken: number;
  receivedBytes: number;
  sentBytes: number;
  /** The first hundred addresses that came, and how many connections came from others. */
  clients: ServedClient[];
  otherClients: number;
}

/** A product whose default idle timeout lies in the bracket. */
export interface IdleTimeoutMatch {
  id: string;
  name: string;
  idleTimeoutMs: number;
  /** How it ends a connection that it has forgotten, and whether that is what was seen; null: not known. */
  expiry: MiddleboxPreset['expiry']['behaviour'];
  agrees: boolean | null;
  configurableWith: string | null;
}

/** One connection of the ladder, tested once. */
export interface MeasuredRung {
  /** The idle time that was planned for it. */
  plannedMs: number;
  /** What it was: no less for one that lived, no more for one that died. */
  idleMs: number;
  outcome: SurvivalOutcome;
  /** When, since the beginning. */
  atMs: number;
}

/** The idle timeout of a path, as measured. */
export interface MeasureData {
  /** As it was given, without any user name and password. */
  target: string;
  address: string | null;
  port: number;
  /** Who speaks first after the silence. */
  direction: 'client';
  /** The protocol of the request that each connection began with; null: none. */
  warmup: string | null;
  /** What was looked for, and how narrow the answer was to be. */
  wanted: { minMs: number; maxMs: number; resolution: { share: number; floorMs: number }; connections: number };
  /**
   * Connections idle for `lowerMs` lived, those idle for `upperMs` did not. `lowerMs` null: nothing was measured; `upperMs` null: nothing died
   * within the limit. When the peer ended them: the times of its own closing.
   */
  idleTimeout: { lowerMs: number | null; upperMs: number | null; outcome: SurvivalOutcome };
  /** Who ended them; null: nobody, or not known. */
  endedBy: 'path' | 'peer' | null;
  matches: IdleTimeoutMatch[];
  /** Whether a connection whose kernel sent keepalive probes outlived the timeout; null: not known. */
  keepaliveRefreshes: boolean | null;
  elapsedMs: number;
  /** Most connections that were open at once. */
  connections: number;
  rungs: MeasuredRung[];
  dropper: Dropper | null;
  /** What blurs the answer, in sentences without a full stop. */
  doubts: string[];
  /** The chance that a living connection was called dead, by what the path was seen to lose. */
  falseDeathProbability: number | null;
}

/** Puts the envelope around a command's outcome and decides verdict and exit code. */
export function sealReport<C extends CommandName>(
  outcome: Outcome<C>,
  envelope: { version: string; startedAt: Date; durationMs: number; failOn: Severity },
): Report<C> {
  const { command, data, findings, gaps } = outcome;
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: 'kaprobe', version: envelope.version },
    command,
    startedAt: envelope.startedAt.toISOString(),
    durationMs: envelope.durationMs,
    data,
    findings,
    gaps,
    verdict: decideVerdict(findings, gaps, envelope.failOn),
    exitCode: decideExitCode(outcome, envelope.failOn),
  };
}

function decideExitCode(
  { findings, gaps, interrupted = false }: Outcome<CommandName>,
  failOn: Severity,
): ReportExitCode {
  if (interrupted) return 130;
  if (findings.some((finding) => atLeast(finding.severity, failOn))) return 1;
  return gaps.length > 0 ? 2 : 0;
}

/** Findings come before gaps: what is known to be wrong is not excused by what could not be seen. */
export function decideVerdict(findings: readonly Finding[], gaps: readonly Gap[], failOn: Severity): Verdict {
  const threshold = failOn === 'info' ? 'info' : 'warning';
  if (findings.some((finding) => atLeast(finding.severity, threshold))) return 'findings';
  return gaps.length > 0 ? 'unmeasured' : 'ok';
}

/** Reports whether `severity` is as grave as `threshold` or graver. */
export function atLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(threshold);
}
