import { UsageError } from '../../base/errors.ts';
import { DAY_MS } from '../../base/units.ts';
import { proposeKeepalive } from '../../keepalive/recommended-settings.ts';
import type { Middlebox, RequestedKeepalive } from '../../report/values.ts';
import { isUnfiltered } from '../../sockets/socket-filter.ts';
import { defineRoom } from '../room.ts';
import {
  countOption,
  durationOption,
  givenMiddleboxes,
  idleOption,
  intervalOption,
  KEEPALIVE_BOUNDS,
  middleboxOption,
  middleboxTimeoutOption,
  netnsOption,
} from '../shared/options.ts';
import { addSelectionOptions, readSelection } from '../shared/socket-selection.ts';
import type { RescueAction } from './report.ts';
import { RESCUABLE_STATES } from './rescue-socket.ts';
import { rescueSockets } from './rescue-sockets.ts';

const HELP = `
Keepalive: the kernel begins to probe, at once where the connection was silent
for longer than --idle. A far end that lives answers, and the connection is
kept from then on. If nothing answers, the kernel gives it up after --count
probes, and the read that is stuck fails with ETIMEDOUT. The process notices
nothing else.

--shutdown: what was received can still be read, then the stream ends; a write
fails with EPIPE. What was written and not acknowledged is still sent again
for a while; the far end, if it is there, gets a FIN. This cannot be undone.
Settings can: the command that does it is printed.

At least one of --pid, --command, --local, --remote and --port must say whose
sockets are meant. Left alone are sockets that are no longer the same when
they are to be changed, kaprobe's own and, with --shutdown, those of the
processes that started kaprobe, such as your ssh connection. Needs ptrace
permission over the process: its user, unless kernel.yama.ptrace_scope forbids
that, or root.

Exit code 0: shown, or done and read back. 1: the same, but the settings do
not suit the middlebox given. 2: something was not done that was asked for;
also when --yes was given and no socket matched.

Examples:
  kaprobe rescue --pid 4711 --middlebox-timeout 30m
  kaprobe rescue --command python --remote 10.0.0.9:5432 --idle 5s --interval 1s --count 3 --yes --wait 20s
  kaprobe rescue --pid 4711 --local :49152 --shutdown --yes`;

/** Switches keepalive on in, or shuts down, live sockets of running processes; shows what it would do unless told that it may. */
export const room = defineRoom({
  view: async () => (await import('./text.ts')).view,
  declare: (command) =>
    addSelectionOptions(
      command.description(
        'Switches TCP keepalive on in a live connection of a running process, or shuts it down, so that whoever is stuck in it goes on, without a restart. Shows what it would do; does it with --yes.',
      ),
    )
      .addOption(netnsOption('of --pid'))
      .optionsGroup('What to do (default: keepalive on, as suits the middlebox given):')
      .addOption(idleOption({}))
      .addOption(intervalOption({}))
      .addOption(countOption({}))
      .addOption(
        durationOption(
          '--user-timeout <duration>',
          'TCP_USER_TIMEOUT, 0s for none; takes the place of the count, and the silence so far counts',
          { ...KEEPALIVE_BOUNDS.userTimeoutMs, min: 0, shownDefault: 'left alone' },
        ),
      )
      .option('--off', 'switch keepalive off; what else is given is set all the same')
      .option('--shutdown', 'end the connection instead: who waits in a read gets the end of the stream at once')
      .option('--yes', 'do it; without this nothing is changed')
      .addOption(
        durationOption('--wait <duration>', 'then watch for so long what becomes of the connections', {
          min: 1000,
          max: DAY_MS,
          step: 1,
        }),
      )
      .optionsGroup('Judged against:')
      .addOption(middleboxOption())
      .addOption(middleboxTimeoutOption())
      .option('--loopback', 'judge connections within this host too, which no middlebox stands between (for --risk)')
      .addHelpText('after', HELP),

  async run(_operands, options, context) {
    const { yes: confirmed = false, wait: waitMs = null, loopback: judgeLocal = false, netns = null } = options;
    const middleboxes = givenMiddleboxes(options);
    const action = readAction(options, middleboxes);
    if (waitMs !== null && (!confirmed || action.kind === 'shutdown' || !action.keepalive.enabled))
      throw new UsageError('--wait has nothing to wait for', 'it goes with --yes, where keepalive is switched on');
    const { signal } = context;
    const selection = await readSelection(options, { signal, defaultStates: RESCUABLE_STATES });
    if (isUnfiltered(selection.filter)) {
      throw new UsageError(
        "every socket of this host is not a selection: that would change everybody's connections",
        'say whose with --pid, --command, --local, --remote or --port; kaprobe sockets shows which there are',
      );
    }
    return rescueSockets({ ...selection, action, confirmed, waitMs, middleboxes, judgeLocal, netns }, context);
  },
});

interface ActionOptions {
  idle?: number | undefined;
  interval?: number | undefined;
  count?: number | undefined;
  userTimeout?: number | undefined;
  off?: true | undefined;
  shutdown?: true | undefined;
}

function readAction(options: ActionOptions, middleboxes: readonly Middlebox[]): RescueAction {
  const { off = false, shutdown = false } = options;
  const { idle: idleMs = null, interval: intervalMs = null, count = null, userTimeout: userTimeoutMs = null } = options;
  const given = { idleMs, intervalMs, count, userTimeoutMs };
  if (shutdown) {
    if (off || Object.values(given).some((value) => value !== null))
      throw new UsageError('--shutdown contradicts --off and the keepalive settings', 'leave one of them out');
    return { kind: 'shutdown' };
  }
  return { kind: 'keepalive', keepalive: off ? { enabled: false, ...given } : withDefaults(given, middleboxes) };
}

/** What is not given is as suits the middleboxes; but the user timeout stays as it is: a silence that lasts already would count against it. */
function withDefaults(
  given: Omit<RequestedKeepalive, 'enabled'>,
  middleboxes: readonly Middlebox[],
): RequestedKeepalive {
  const proposed = proposeKeepalive({ middleboxes });
  const idleMs = given.idleMs ?? proposed?.idleMs ?? null;
  const intervalMs = given.intervalMs ?? proposed?.intervalMs ?? null;
  const count = given.count ?? proposed?.count ?? null;
  if (idleMs === null || intervalMs === null || count === null) {
    throw new UsageError(
      'the idle timeout given is too short for settings that tolerate lost probes',
      'say which are meant: --idle, --interval and --count',
    );
  }
  return { enabled: true, idleMs, intervalMs, count, userTimeoutMs: given.userTimeoutMs };
}
