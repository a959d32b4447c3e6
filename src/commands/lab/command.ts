import { Option } from '@commander-js/extra-typings';
import { endpoint } from '../../base/endpoint.ts';
import { CapabilityError } from '../../base/errors.ts';
import { formatDuration } from '../../base/units.ts';
import type { SurvivalArm } from '../../connections/observation.ts';
import { setsockoptLines } from '../../keepalive/remedy.ts';
import { passThrough } from '../../linux/pass-through.ts';
import type { Gap, Outcome, PassedThrough } from '../../report/report.ts';
import { type CommandContext, defineRoom } from '../room.ts';
import { durationOption, percentOption } from '../shared/options.ts';
import { isNamedRight, planDemonstration } from './demonstration.ts';
import { createLab, type Lab, type LabHost } from './lab.ts';
import { type Firewall, IDLE_TIMEOUT_BOUNDS, type LabOptions, type LabSettings, ON_EXPIRY, settle } from './options.ts';
import type { LabData, LabNetworkHost } from './report.ts';
import { runCheck } from './run-check.ts';
import { type Sink, startSink } from './sink.ts';

/** What the check may take beyond the time of silence until it is given up. */
const CHECK_PATIENCE_MS = 120_000;

const HELP = `
COMMAND finds in its environment:
  KAPROBE_LAB_TARGET    host:port of a server that only holds connections
  KAPROBE_LAB_FIREWALL  the firewall's address, or both with a space between
Its exit code is passed on, 128 + n when signal n ended it. What it leaves
running is killed. Needs root, or a kernel that lets users make user
namespaces; and the programs ip and nft.

Examples:
  kaprobe lab
  kaprobe lab --on-expiry reset --ipv6
  kaprobe lab --idle-timeout 5s -- sh -c 'kaprobe check "$KAPROBE_LAB_TARGET"'`;

/**
 * Builds a throw-away network with a firewall that forgets, and runs a command in it, whose exit code and output then are the answer; or
 * demonstrates in it, with kaprobe's own check, what such a firewall does to idle connections.
 */
export const room = defineRoom({
  answers: (operands) => (operands.length > 0 ? 'program' : 'report'),
  view: async () => (await import('./text.ts')).view,
  declare: (command) =>
    command
      .usage('[options] [-- COMMAND...]')
      .description(
        "Builds client - router - stateful firewall - router - server out of network namespaces of this machine, with the kernel's own connection tracking, and removes it afterwards. Nothing in it can be reached from outside. Without COMMAND it demonstrates what the firewall does to idle connections.",
      )
      .argument('[command...]', "what to run on the client host, with the server's address in its environment")
      .optionsGroup('Firewall:')
      .addOption(
        durationOption('--idle-timeout <duration>', 'after how long it forgets a connection, in whole seconds', {
          ...IDLE_TIMEOUT_BOUNDS,
          default: 5000,
        }),
      )
      .addOption(
        new Option('--on-expiry <behaviour>', 'what it does with a segment of a connection that it has forgotten')
          .choices(ON_EXPIRY)
          .default('drop' as const),
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
        percentOption('--loss <percent>', 'share of packets lost in each direction, such as 10%', {
          shownDefault: 'none',
        }),
      )
      .option('--ipv6', "the target is the server's IPv6 address")
      .addHelpText('after', HELP),

  async run(operands, options, context): Promise<Outcome<LabData> | PassedThrough> {
    const { idleTimeout: idleTimeoutMs, onExpiry, nat = false, keepaliveBlind = false, ipv6 = false } = options;
    const { secondIdleTimeout, loss: lossPercent = 0 } = options;
    const asked: LabOptions = {
      firewall: { idleTimeoutMs, onExpiry, nat, keepaliveBlind },
      secondFirewall: secondIdleTimeout === undefined ? null : { idleTimeoutMs: secondIdleTimeout, onExpiry },
      lossPercent,
    };
    const built = await createLab(asked, { signal: context.signal });
    try {
      const sink = await startSink(built.server, context.signal);
      const target = endpoint(addressOf(built.server, ipv6), sink.port);
      return operands.length > 0
        ? await runCommand(built, sink, operands, environment(built, target, ipv6), context.signal)
        : await demonstrate(built, sink, { ...settle(asked), target, ipv6 }, context);
    } finally {
      await built.destroy();
    }
  },
});

function addressOf({ addresses }: LabHost, ipv6: boolean): string {
  const address = ipv6 ? addresses.ipv6 : addresses.ipv4;
  if (address === null) throw new CapabilityError('this kernel has no IPv6', 'leave out --ipv6');
  return address;
}

function environment({ firewalls }: Lab, target: string, ipv6: boolean): Record<string, string> {
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
  { firewalls, lossPercent, target, ipv6 }: LabSettings & { target: string; ipv6: boolean },
  context: CommandContext,
): Promise<Outcome<LabData>> {
  const { surviveMs, keepalive, forgetful } = planDemonstration(firewalls);
  const args = [
    'check',
    target,
    '--survive',
    seconds(surviveMs),
    '--idle',
    seconds(keepalive.idleMs),
    '--interval',
    seconds(keepalive.intervalMs),
    '--count',
    String(keepalive.count),
  ];
  const stopCounting = countDown(surviveMs, context);
  const { signal } = context;
  const timeoutMs = surviveMs + CHECK_PATIENCE_MS;
  const report = await runCheck(built.client, args, { timeoutMs, signal }).finally(stopCounting);
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
