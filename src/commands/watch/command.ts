import { Option } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { DAY_MS } from '../../base/units.ts';
import { parseTarget } from '../../connections/target.ts';
import type { Outcome } from '../../report/report.ts';
import { isUnfiltered } from '../../sockets/socket-filter.ts';
import { defineRoom } from '../room.ts';
import { refuseBeyondOpenFiles } from '../shared/open-files.ts';
import {
  countOption,
  durationOption,
  forOption,
  idleOption,
  integerOption,
  intervalOption,
  netnsOption,
} from '../shared/options.ts';
import { addEndOptions, addHolderOptions, readSelection } from '../shared/socket-selection.ts';
import { WATCH_EVENTS, type WatchData } from './report.ts';
import { watchUntilTheEnd } from './watch-loop.ts';

/** Of held connections. The help shows them; the options stay undefined, so that it can be told whether they were given. */
const DEFAULTS = { connections: 1, idleMs: 15_000, intervalMs: 5000, count: 9 } as const;

const EXAMPLES = `
In a pipe each event is a line, with --format ndjson a JSON object and the
report the last line, with --format json only the report. On a terminal a
table of the connections stands below the events.
It ends after --for, on --until, when nothing is left to watch, or on Ctrl-C.
The exit code is 1 when a stall, a reset or a connection that could not be made
was seen; else 130 when Ctrl-C came before what --for or --until asked for.

Examples:
  kaprobe watch db.example:5432 --for 10m
  kaprobe watch --pid 4711 --until stalled --format ndjson
  kaprobe watch --remote 10.0.0.0/8 --quiet 5m`;

const OF_HELD = ['connections', 'idle', 'interval', 'count', 'reconnect'] as const;

/** Holds or observes connections and tells what happens to them at once; at the end comes the report. */
export const room = defineRoom({
  view: async () => (await import('./text.ts')).view,
  endsOnInterrupt: true,

  declare: (command) =>
    addEndOptions(
      addHolderOptions(
        command
          .description(
            'Holds connections of its own to TARGET, or observes those of other processes, and prints an event the moment something changes: quiet, probe unanswered, retransmitting, stalled, recovered, reset, closed. Changes nothing on what it observes.',
          )
          .argument('[target]', 'host:port, [v6]:port or a URL: hold connections to it')
          .optionsGroup('Held connections:')
          .addOption(
            integerOption('--connections <n>', 'how many', {
              min: 1,
              max: 10_000,
              shownDefault: DEFAULTS.connections,
            }),
          )
          .addOption(idleOption({ shownDefault: DEFAULTS.idleMs }))
          .addOption(intervalOption({ shownDefault: DEFAULTS.intervalMs }))
          .addOption(countOption({ shownDefault: DEFAULTS.count }))
          .option('--reconnect', 'make a connection that is over again, after 1 s, 2 s, 4 s and so on up to 30 s')
          .optionsGroup("Others' connections (repeatable, any of the values; all options together):"),
      ),
    )
      .addOption(netnsOption('of --pid'))
      .optionsGroup('Timing:')
      .addOption(forOption({ max: 366 * DAY_MS, shownDefault: 'on Ctrl-C' }))
      .addOption(new Option('--until <event>', 'end when this happens').choices(WATCH_EVENTS))
      .addOption(
        durationOption('--quiet <duration>', 'tell a silence from this length on, and each time that it has doubled', {
          min: 1000,
          max: 366 * DAY_MS,
          step: 1,
          default: 60_000,
        }),
      )
      .addHelpText('after', EXAMPLES),

  async run([text], options, context): Promise<Outcome<WatchData>> {
    const { filter, given } = await readSelection(options, { signal: context.signal });
    const { netns = null, for: forMs = null, until = null, quiet: quietMs } = options;
    const question = { filter, netns, forMs, until, quietMs };
    if (text === undefined) {
      if (isUnfiltered(filter)) {
        throw new UsageError(
          'nothing to watch',
          'give a TARGET to hold connections to, or --pid, --command, --remote, --local or --port to observe',
        );
      }
      const forHeld = OF_HELD.find((name) => options[name] !== undefined);
      if (forHeld !== undefined)
        throw new UsageError(`--${forHeld} is for connections of kaprobe's own`, 'give a TARGET');
      return watchUntilTheEnd({ ...question, subject: given.join(' '), own: null }, context);
    }
    const [contradicting] = given;
    if (contradicting !== undefined) {
      throw new UsageError(
        `a TARGET and ${contradicting.split(' ')[0]} contradict each other`,
        'kaprobe either holds connections of its own or observes those of others',
      );
    }
    const target = parseTarget(text);
    const { connections = DEFAULTS.connections, reconnect = false } = options;
    refuseBeyondOpenFiles('--connections', connections);
    const {
      idle: idleMs = DEFAULTS.idleMs,
      interval: intervalMs = DEFAULTS.intervalMs,
      count = DEFAULTS.count,
    } = options;
    const keepalive = { enabled: true, idleMs, intervalMs, count, userTimeoutMs: null };
    const own = { target, connections, keepalive, reconnect };
    return watchUntilTheEnd({ ...question, subject: target.label, own }, context);
  },
});
