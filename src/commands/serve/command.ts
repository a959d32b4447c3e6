import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Option } from '@commander-js/extra-typings';
import { endpoint } from '../../base/endpoint.ts';
import { UsageError } from '../../base/errors.ts';
import { quoted } from '../../base/quoted.ts';
import { DAY_MS, formatDuration, plural } from '../../base/units.ts';
import { descriptorsToSpare } from '../../linux/descriptor-limit.ts';
import type { Outcome } from '../../report/report.ts';
import { type CommandContext, defineRoom } from '../room.ts';
import { refuseBeyondOpenFiles } from '../shared/open-files.ts';
import { forOption, integerOption } from '../shared/options.ts';
import type { ServeData } from './report.ts';
import { type ResponderOptions, startResponder } from './responder.ts';

const DEFAULT_MAX_CONNECTIONS = 1024;

const EXAMPLES = `
In either mode a client may send the line
  kaprobe speak-after 90s
and be spoken to, with one line, after that time. It may ask again then.
kaprobe measure --direction server needs it at the far end.

It ends by itself after --for with exit code 0, on Ctrl-C with 130; both with
a report.

Examples:
  kaprobe serve --port 7000
  kaprobe serve --port 7000 --host 0.0.0.0 --for 8h
  kaprobe serve --mode echo --max-connections 16 --format json`;

/**
 * Listens for a bounded time as the cooperating far end of other programs, tells who came, and reports it all at the end. Ctrl-C and
 * SIGTERM end it early: that is exit code 130, as everywhere, with the report of what was until then.
 */
export const room = defineRoom({
  view: async () => (await import('./text.ts')).view,
  declare: (command) =>
    command
      .description(
        'Listens as the far end of an idle-timeout test: holds connections in silence, echoes, or speaks first after a time that the client asks for. Says on stderr where it listens and who comes; never sends more than it received plus one line.',
      )
      .optionsGroup('Listen:')
      .addOption(
        integerOption('--port <n>', 'where to listen; 0 picks a free port and says which', {
          min: 0,
          max: 65_535,
          default: 0,
        }),
      )
      .addOption(
        new Option('--host <address>', 'one of this host, 0.0.0.0 or :: for all')
          .argParser(readHost)
          .default('127.0.0.1', '127.0.0.1, which no other host reaches'),
      )
      .addOption(
        new Option('--mode <mode>', 'what to do with data: throw it away, or send it back')
          .choices(['hold', 'echo'])
          .default('hold' as const),
      )
      .optionsGroup('Limits:')
      .addOption(
        integerOption('--max-connections <n>', 'connections at once; more are closed as soon as they are made', {
          min: 1,
          max: 100_000,
          shownDefault: DEFAULT_MAX_CONNECTIONS,
        }),
      )
      .addOption(forOption({ max: 14 * DAY_MS, default: 2 * 3_600_000 }))
      .addHelpText('after', EXAMPLES),

  async run(_operands, options, context): Promise<Outcome<ServeData>> {
    const { host, port, mode, maxConnections: asked, for: forMs } = options;
    if (asked !== undefined) refuseBeyondOpenFiles('--max-connections', asked);
    const maxConnections = asked ?? Math.min(DEFAULT_MAX_CONNECTIONS, Math.max(1, descriptorsToSpare()));
    return serveUntilTheEnd({ host, port, mode, maxConnections, forMs }, context);
  },
});

/** Throws a UsageError for what is no address: a name might mean other hosts than this one. */
function readHost(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new UsageError(
    `--host ${quoted(text)} is not an IP address`,
    'for example 0.0.0.0, ::1 or one that ip address shows',
  );
}

async function serveUntilTheEnd(
  question: Omit<ResponderOptions, 'log'>,
  { signal, tell }: CommandContext,
): Promise<Outcome<ServeData>> {
  const { host, mode, maxConnections, forMs } = question;
  const startedAtMs = performance.now();
  const responder = await startResponder({ ...question, log: (line) => tell?.(line) });
  const place = endpoint(host, responder.port);
  tell?.(
    `listening on ${place}, ${mode}, at most ${plural(maxConnections, 'connection')}, for ${formatDuration(forMs)}`,
  );
  await sleep(forMs, undefined, { signal }).catch(() => {}); // Ctrl-C is an end like another
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
