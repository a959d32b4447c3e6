import { isIP } from 'node:net';
import { type Command, Option } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { DAY_MS, formatDuration } from '../../base/units.ts';
import { parseTarget, SCHEME_NAMES } from '../../connections/target.ts';
import { defineRoom } from '../room.ts';
import {
  countOption,
  durationOption,
  givenMiddleboxes,
  idleOption,
  integerOption,
  intervalOption,
  middleboxOption,
  middleboxTimeoutOption,
  timeoutOption,
  userTimeoutOption,
} from '../shared/options.ts';
import { checkTargets } from './check-targets.ts';
import { CHECK_BOUNDS, CHECK_DEFAULTS, type CheckQuestion } from './question.ts';

const EXAMPLES = `
Examples:
  kaprobe check db.example:5432 --middlebox juniper-srx-tcp
  kaprobe check 10.0.0.5:6379 --idle 60s --interval 10s --count 6 --middlebox-timeout 30m
  kaprobe check --embedded --format json`;

const declare = (command: Command) =>
  command
    .description(
      'Connects, sets the keepalive asked for, reads it back, has the kernel send keepalive probes without payload, and judges the settings against the middleboxes given.',
    )
    .argument('[targets...]', `host:port, [v6]:port, or URLs: ${SCHEME_NAMES.join(', ')}`)
    .optionsGroup('Target:')
    .option('--embedded', "check kaprobe's own server on loopback instead: needs no network and no rights")
    .addOption(new Option('--family <family>', 'use only IPv4 or only IPv6').choices(['4', '6']))
    .addOption(
      integerOption('--concurrency <n>', 'targets at once', {
        ...CHECK_BOUNDS.concurrency,
        shownDefault: CHECK_DEFAULTS.concurrency,
      }),
    )
    .optionsGroup('Timing:')
    .addOption(timeoutOption('for name, connection and TLS handshake each', { default: CHECK_DEFAULTS.timeoutMs }))
    .optionsGroup("Keepalive (default: SO_KEEPALIVE on, the rest as the host's sysctls have it):")
    .option('--no-keepalive', 'leave SO_KEEPALIVE off, as most libraries do')
    .addOption(idleOption(CHECK_BOUNDS.idleMs))
    .addOption(intervalOption(CHECK_BOUNDS.intervalMs))
    .addOption(countOption(CHECK_BOUNDS.count))
    .addOption(userTimeoutOption(CHECK_BOUNDS.userTimeoutMs))
    .addOption(
      integerOption('--probes <n>', 'unanswered probes, one a second, that prove silence', {
        ...CHECK_BOUNDS.probeCount,
        shownDefault: CHECK_DEFAULTS.probeCount,
      }),
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
    .optionsGroup('Judged against:')
    .addOption(middleboxOption())
    .addOption(middleboxTimeoutOption())
    .addOption(
      durationOption(
        '--certificate-margin <duration>',
        'what a certificate must have left; at most a third of its life',
        { ...CHECK_BOUNDS.certificateMarginMs, default: CHECK_DEFAULTS.certificateMarginMs },
      ),
    )
    .option('--ping', 'ICMP echo for context (default: where ping is installed)')
    .option('--no-ping', 'no ICMP echo')
    .addHelpText('after', EXAMPLES);

type Options = ReturnType<ReturnType<typeof declare>['opts']>;

/** Checks endpoints: are they reachable, do they answer keepalive probes, will these settings survive those middleboxes. */
export const room = defineRoom({
  view: async () => (await import('./text.ts')).view,
  declare,
  run: async (operands, options, context) => checkTargets(readQuestion(operands, options), context),
});

function readQuestion(operands: readonly string[], options: Options): CheckQuestion {
  const { embedded = false, concurrency, probes, survive: surviveMs = null, locate, yes } = options;
  if (embedded && operands.length > 0)
    throw new UsageError('--embedded checks its own server and takes no targets', 'leave one of them out');
  if (!embedded && operands.length === 0)
    throw new UsageError('no target given', 'for example kaprobe check db.example:5432, or --embedded');
  const keepalive = {
    enabled: options.keepalive,
    idleMs: options.idle ?? null,
    intervalMs: options.interval ?? null,
    count: options.count ?? null,
    userTimeoutMs: options.userTimeout ?? null,
  };
  if (!keepalive.enabled && [keepalive.idleMs, keepalive.intervalMs, keepalive.count].some((value) => value !== null)) {
    throw new UsageError('--no-keepalive contradicts --idle, --interval and --count', 'leave one of them out');
  }
  if (!options.probe && probes !== undefined)
    throw new UsageError('--no-probe contradicts --probes', 'leave one of them out');
  const targets = operands.map(parseTarget);
  const family = options.family === undefined ? null : options.family === '4' ? 4 : 6;
  for (const { label, host } of targets) {
    if (family !== null && isIP(host) !== 0 && isIP(host) !== family) {
      throw new UsageError(`--family ${family} contradicts the address in '${label}'`, 'leave one of them out');
    }
  }
  if (surviveMs === null && (locate !== undefined || yes !== undefined)) {
    throw new UsageError('--locate and --yes belong to --survive', 'for example --survive 6m');
  }
  if (surviveMs !== null && surviveMs > DAY_MS && yes !== true) {
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
    concurrency: concurrency ?? (surviveMs === null ? CHECK_DEFAULTS.concurrency : CHECK_BOUNDS.concurrency.max),
    timeoutMs: options.timeout,
    keepalive,
    probeCount: options.probe ? (probes ?? CHECK_DEFAULTS.probeCount) : null,
    middleboxes: givenMiddleboxes(options),
    certificateMarginMs: options.certificateMargin,
    ping: options.ping !== false,
    surviveMs,
    locate: locate !== false,
  };
}
