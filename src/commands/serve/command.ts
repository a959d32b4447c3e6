import { isIP } from 'node:net';
import { type Command, Option } from '@commander-js/extra-typings';
import { endpoint } from '../../base/endpoint.ts';
import { UsageError } from '../../base/errors.ts';
import { formatDuration, plural } from '../../base/units.ts';
import { descriptorLimit } from '../../linux/descriptor-limit.ts';
import type { Outcome } from '../../report/report.ts';
import type { CommandContext, Room } from '../room.ts';
import { type Bounds, durationOption, integerOption, quoted } from '../shared/options.ts';
import type { ServeData } from './report.ts';
import { type ResponderOptions, startResponder } from './responder.ts';

const BOUNDS = {
  port: { min: 0, max: 65_535, step: 1 },
  maxConnections: { min: 1, max: 100_000, step: 1 },
  forMs: { min: 1000, max: 14 * 86_400_000, step: 1 },
} as const satisfies Record<string, Bounds>;

const MODES = ['hold', 'echo'] as const satisfies readonly ServeData['mode'][];

const DEFAULTS = { host: '127.0.0.1', port: 0, mode: 'hold', maxConnections: 1024, forMs: 2 * 3_600_000 } as const;

/** Descriptors that the program needs for itself. */
const DESCRIPTORS_BESIDE = 40;

/**
 * Listens for a bounded time as the cooperating far end of other programs, tells who came, and reports it all at the end. Ctrl-C and
 * SIGTERM end it early: that is exit code 130, as everywhere, with the report of what was until then.
 */
export const room: Room<ServeData> = {
  view: async () => (await import('./text.ts')).view,
  declare(command: Command): void {
    command
      .description(
        'Listens as the far end of an idle-timeout test: holds connections in silence, echoes, or speaks first after a time that the client asks for. Says on stderr where it listens and who comes; never sends more than it received plus one line.',
      )
      .optionsGroup('Listen:')
      .addOption(
        integerOption('--port <n>', 'where to listen; 0 picks a free port and says which (default: 0)', BOUNDS.port),
      )
      .addOption(
        new Option(
          '--host <address>',
          'one of this host, 0.0.0.0 or :: for all (default: 127.0.0.1, which no other host reaches)',
        ).argParser(readHost),
      )
      .addOption(
        new Option('--mode <mode>', 'what to do with data: throw it away, or send it back')
          .choices(MODES)
          .default(DEFAULTS.mode),
      )
      .optionsGroup('Limits:')
      .addOption(
        integerOption(
          '--max-connections <n>',
          `connections at once; more are closed as soon as they are made (default: ${DEFAULTS.maxConnections})`,
          BOUNDS.maxConnections,
        ),
      )
      .addOption(durationOption('--for <duration>', 'when to end (default: 2h)', BOUNDS.forMs))
      .addHelpText(
        'after',
        `
In either mode a client may send the line
  kaprobe speak-after 90s
and be spoken to, with one line, after that time. It may ask again then.
kaprobe measure --direction server needs it at the far end.

It ends by itself after --for with exit code 0, on Ctrl-C with 130; both with
a report.

Examples:
  kaprobe serve --port 7000
  kaprobe serve --port 7000 --host 0.0.0.0 --for 8h
  kaprobe serve --mode echo --max-connections 16 --format json`,
      );
  },

  async run(_operands, options, context) {
    return serveUntilTheEnd(readQuestion(options), context);
  },
};

type Question = Omit<ResponderOptions, 'log'>;

/** Throws a UsageError for what is no address: a name might mean other hosts than this one. */
function readHost(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new UsageError(
    `--host ${quoted(text)} is not an IP address`,
    'for example 0.0.0.0, ::1 or one that ip address shows',
  );
}

function readQuestion(options: Record<string, unknown>): Question {
  const number = (name: string): number | null => {
    const value = options[name];
    return typeof value === 'number' ? value : null;
  };
  const { host } = options;
  const limit = descriptorLimit();
  const room = limit === null ? Number.POSITIVE_INFINITY : Math.max(1, limit - DESCRIPTORS_BESIDE);
  const asked = number('maxConnections');
  if (asked !== null && asked > room) {
    throw new UsageError(
      `--max-connections ${asked} is more than the limit on open files has room for`,
      `at most ${room} here; ulimit -n raises it`,
    );
  }
  return {
    host: typeof host === 'string' ? host : DEFAULTS.host,
    port: number('port') ?? DEFAULTS.port,
    mode: MODES.find((mode) => mode === options['mode']) ?? DEFAULTS.mode,
    maxConnections: asked ?? Math.min(DEFAULTS.maxConnections, room),
    forMs: number('for') ?? DEFAULTS.forMs,
  };
}

async function serveUntilTheEnd(question: Question, { signal, tell }: CommandContext): Promise<Outcome<ServeData>> {
  const { host, mode, maxConnections, forMs } = question;
  const startedAtMs = performance.now();
  const responder = await startResponder({ ...question, log: (line) => tell?.(line) });
  const place = endpoint(host, responder.port);
  tell?.(
    `listening on ${place}, ${mode}, at most ${plural(maxConnections, 'connection')}, for ${formatDuration(forMs)}`,
  );
  await untilTheEnd(forMs, signal);
  const counts = responder.counts();
  responder.close();
  return {
    data: {
      host,
      port: responder.port,
      mode,
      maxConnections,
      forMs,
      listenedMs: Math.round(performance.now() - startedAtMs),
      endedBy: signal.aborted ? 'interrupt' : 'time',
      ...counts,
    },
    findings: [],
    gaps: [],
    interrupted: signal.aborted,
  };
}

/** Resolves after that time, or when the signal is aborted. */
function untilTheEnd(forMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, forMs);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
