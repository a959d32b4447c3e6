import { type Command, Option } from '@commander-js/extra-typings';
import { endpoint } from '../../base/endpoint.ts';
import { CapabilityError, KaprobeError } from '../../base/errors.ts';
import { formatDuration } from '../../base/units.ts';
import type { SurvivalArm } from '../../connections/observation.ts';
import { setsockoptLines } from '../../keepalive/remedy.ts';
import { passThrough } from '../../linux/pass-through.ts';
import type { Gap, Outcome, PassedThrough, Report } from '../../report/report.ts';
import type { CheckData } from '../check/report.ts';
import type { CommandContext, Room } from '../room.ts';
import { type Bounds, durationOption, percentOption } from '../shared/options.ts';
import { isNamedRight, planDemonstration } from './demonstration.ts';
import { createLab, type Lab, type LabHost } from './lab.ts';
import { type Firewall, type LabOptions, ON_EXPIRY, settle } from './options.ts';
import type { LabData, LabNetworkHost } from './report.ts';
import { firstLine, type RunResult } from './run.ts';
import { type Sink, startSink } from './sink.ts';

const DEFAULT_IDLE_TIMEOUT_MS = 5000;
/** conntrack counts whole seconds, in jiffies in an int. */
const IDLE_TIMEOUT_BOUNDS: Bounds = { min: 1000, max: 23 * 86_400_000, step: 1000 };
/** What the check may take beyond the time of silence until it is given up. */
const CHECK_PATIENCE_MS = 120_000;

/** What is asked for: a network, and which of the server's addresses is the target. */
interface LabQuestion {
  options: LabOptions;
  ipv6: boolean;
}

/**
 * Builds a throw-away network with a firewall that forgets, and runs a command in it, whose exit code and output then are the answer; or
 * demonstrates in it, with kaprobe's own check, what such a firewall does to idle connections.
 */
export const room: Room<LabData> = {
  answers: (operands) => (operands.length > 0 ? 'program' : 'report'),
  view: async () => (await import('./text.ts')).view,
  declare(command: Command): void {
    command
      .usage('[options] [-- COMMAND...]')
      .description(
        "Builds client - router - stateful firewall - router - server out of network namespaces of this machine, with the kernel's own connection tracking, and removes it afterwards. Nothing in it can be reached from outside. Without COMMAND it demonstrates what the firewall does to idle connections.",
      )
      .argument('[command...]', "what to run on the client host, with the server's address in its environment")
      .optionsGroup('Firewall:')
      .addOption(
        durationOption(
          '--idle-timeout <duration>',
          'after how long it forgets a connection, in whole seconds (default: 5s)',
          IDLE_TIMEOUT_BOUNDS,
        ),
      )
      .addOption(
        new Option('--on-expiry <behaviour>', 'what it does with a segment of a connection that it has forgotten')
          .choices(ON_EXPIRY)
          .default('drop'),
      )
      .option('--nat', "it puts its own address in place of the client's")
      .option('--keepalive-blind', 'segments without payload do not restart its idle timer')
      .addOption(
        durationOption(
          '--second-idle-timeout <duration>',
          'puts a second firewall behind the first, with this idle timeout',
          IDLE_TIMEOUT_BOUNDS,
        ),
      )
      .optionsGroup('Path:')
      .addOption(
        percentOption('--loss <percent>', 'share of packets lost in each direction, such as 10% (default: none)'),
      )
      .option('--ipv6', "the target is the server's IPv6 address")
      .addHelpText(
        'after',
        `
COMMAND finds in its environment:
  KAPROBE_LAB_TARGET    host:port of a server that only holds connections
  KAPROBE_LAB_FIREWALL  the firewall's address, or both with a space between
Its exit code is passed on, 128 + n when signal n ended it. What it leaves
running is killed. Needs root, or a kernel that lets users make user
namespaces; and the programs ip and nft.

Examples:
  kaprobe lab
  kaprobe lab --on-expiry reset --ipv6
  kaprobe lab --idle-timeout 5s -- sh -c 'kaprobe check "$KAPROBE_LAB_TARGET"'`,
      );
  },

  async run(operands, options, context) {
    const question = readQuestion(options);
    const built = await createLab(question.options, { signal: context.signal });
    try {
      const targetHost = addressOf(built.server, question.ipv6);
      const sink = await startSink(built.server, context.signal);
      const target = endpoint(targetHost, sink.port);
      return operands.length > 0
        ? await runCommand(built, sink, operands, environment(built, target, question), context.signal)
        : await demonstrate(built, sink, target, question, context);
    } finally {
      await built.destroy();
    }
  },
};

function readQuestion(options: Record<string, unknown>): LabQuestion {
  const number = (name: string): number | null => {
    const value = options[name];
    return typeof value === 'number' ? value : null;
  };
  const onExpiry = ON_EXPIRY.find((behaviour) => behaviour === options['onExpiry']) ?? 'drop';
  const secondIdleTimeoutMs = number('secondIdleTimeout');
  const labOptions: LabOptions = {
    firewall: {
      idleTimeoutMs: number('idleTimeout') ?? DEFAULT_IDLE_TIMEOUT_MS,
      onExpiry,
      nat: options['nat'] === true,
      keepaliveBlind: options['keepaliveBlind'] === true,
    },
    secondFirewall: secondIdleTimeoutMs === null ? null : { idleTimeoutMs: secondIdleTimeoutMs, onExpiry },
    lossPercent: number('loss') ?? 0,
  };
  return { options: labOptions, ipv6: options['ipv6'] === true };
}

function addressOf({ addresses }: LabHost, ipv6: boolean): string {
  const address = ipv6 ? addresses.ipv6 : addresses.ipv4;
  if (address === null) throw new CapabilityError('this kernel has no IPv6', 'leave out --ipv6');
  return address;
}

function environment({ firewalls }: Lab, target: string, { ipv6 }: LabQuestion): Record<string, string> {
  return {
    KAPROBE_LAB_TARGET: target,
    KAPROBE_LAB_FIREWALL: firewalls.map((firewall) => addressOf(firewall, ipv6)).join(' '),
  };
}

async function runCommand(
  { client }: Lab,
  sink: Sink,
  argv: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<PassedThrough> {
  const [name = ''] = argv;
  const start = () => client.spawn(argv, { stdio: 'inherit', env: { ...process.env, ...env } });
  const end = await passThrough(start, name, signal);
  const remarks = [end.signal === null ? null : `${name} was ended by ${end.signal}`, sink.ending()];
  return { kind: 'passed-through', exitCode: end.exitCode, remarks: remarks.filter((remark) => remark !== null) };
}

async function demonstrate(
  built: Lab,
  sink: Sink,
  target: string,
  { options, ipv6 }: LabQuestion,
  context: CommandContext,
): Promise<Outcome<LabData>> {
  const { firewalls, lossPercent } = settle(options);
  const { surviveMs, keepalive, forgetful } = planDemonstration(firewalls);
  const args = [
    'check',
    target,
    ...['--survive', seconds(surviveMs)],
    ...['--idle', seconds(keepalive.idleMs)],
    ...['--interval', seconds(keepalive.intervalMs)],
    ...['--count', String(keepalive.count)],
  ];
  const stopCounting = countDown(surviveMs, context);
  const report = await runCheck(built.client, args, surviveMs + CHECK_PATIENCE_MS, context.signal).finally(
    stopCounting,
  );
  const gone = sink.ending();
  const gaps: Gap[] = [
    ...(typeof report === 'string' ? [{ subject: 'lab', what: 'demonstration', reason: report }] : report.gaps),
    ...(gone === null ? [] : [{ subject: 'lab', what: 'demonstration', reason: gone }]),
  ];
  const network = toNetwork(built, firewalls, ipv6);
  const culprit = forgetful === null ? undefined : network.filter(({ firewall }) => firewall !== null)[forgetful];
  const demonstration = typeof report === 'string' ? null : report.data;
  const [shown] = demonstration?.targets ?? [];
  const outcomeOf = (name: SurvivalArm['arm']) =>
    shown?.survival?.arms.find(({ arm }) => arm === name)?.outcome ?? null;
  const saved = outcomeOf('keepalive') === 'alive' && !['alive', 'unmeasured', null].includes(outcomeOf('silent'));
  const truth: LabData['forgetful'] =
    culprit === undefined ? null : { name: culprit.name, address: culprit.address, hop: culprit.hop };
  const namedRight = isNamedRight(shown?.dropper ?? null, truth);
  if (namedRight === false) {
    gaps.push({ subject: 'lab', what: 'hop that drops', reason: 'kaprobe named another box than the one that drops' });
  }
  return {
    data: {
      privilege: built.privilege,
      network,
      lossPercent,
      target,
      command: ['kaprobe', ...args],
      demonstration,
      found: typeof report === 'string' ? [] : report.findings,
      forgetful: truth,
      namedRight,
      fix: saved ? setsockoptLines({ enabled: true, ...keepalive, userTimeoutMs: 0 }) : null,
    },
    // What is wrong on that network is meant to be: it is the demonstration's matter, not this host's.
    findings: [],
    gaps,
  };
}

function toNetwork({ path }: Lab, firewalls: readonly Firewall[], ipv6: boolean): LabNetworkHost[] {
  let met = 0;
  return path.map((host) => {
    const firewall = host.role === 'firewall' ? (firewalls[met++] ?? null) : null;
    return { name: host.name, role: host.role, hop: host.hop, address: addressOf(host, ipv6), firewall };
  });
}

/** Has this very program check from the client host; a text says why there is no report. */
async function runCheck(
  client: LabHost,
  args: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Report<CheckData, 'check'> | string> {
  const [node, program = ''] = [process.execPath, process.argv[1]];
  let end: RunResult;
  try {
    end = await client.run([node, program, ...args, '--format', 'json'], { timeoutMs, signal });
  } catch (error) {
    if (error instanceof KaprobeError) return error.message;
    throw error;
  }
  if (end.signal !== null) return `kaprobe check was ended by ${end.signal}`;
  return readCheckReport(end.stdout) ?? (firstLine(end.stderr) || `kaprobe check ended with ${end.code}`);
}

/** null when the text is not the report of a check. */
function readCheckReport(text: string): Report<CheckData, 'check'> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isReport = typeof value === 'object' && value !== null && 'command' in value && value.command === 'check';
    return isReport ? (value as Report<CheckData, 'check'>) : null; // written by this very program
  } catch {
    return null;
  }
}

/** Shows how much of the silence is left; returns what stops that. */
function countDown(surviveMs: number, { progress }: CommandContext): () => void {
  const endsAtMs = performance.now() + surviveMs;
  const show = (): void => {
    const leftMs = endsAtMs - performance.now();
    progress(
      leftMs > 0
        ? `lab: connections idle through the firewall, ${formatDuration(Math.ceil(leftMs / 1000) * 1000)} left`
        : 'lab: looking what became of the connections',
    );
  };
  show();
  const timer = setInterval(show, 1000);
  return () => clearInterval(timer);
}

/** As the options of `check` read it. */
function seconds(ms: number): string {
  return `${ms / 1000}s`;
}
