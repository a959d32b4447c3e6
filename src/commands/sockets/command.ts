import { Option } from '@commander-js/extra-typings';
import { defineRoom } from '../room.ts';
import {
  givenMiddleboxes,
  integerOption,
  middleboxOption,
  middleboxTimeoutOption,
  netnsOption,
} from '../shared/options.ts';
import { addSelectionOptions, readSelection } from '../shared/socket-selection.ts';
import { listSockets } from './list-sockets.ts';
import { SOCKET_ORDERS } from './socket-summary.ts';

const HELP = `
--verify changes nothing with CAP_NET_ADMIN. Without, it switches keepalive on
for some milliseconds per probe and sets back what was there, with one trace:
a TCP_KEEPIDLE that came from the sysctl is then fixed at its value. It leaves
alone, and says so, what such probes could end: with TCP_USER_TIMEOUT, or with
a TCP_KEEPCNT of one or two.

Examples:
  kaprobe sockets --middlebox-timeout 30m
  kaprobe sockets --remote 10.0.0.0/8 --risk unprotected --risk late
  kaprobe sockets --command python --verify --middlebox juniper-srx-tcp`;

/** Shows and judges every live TCP socket of this host. */
export const room = defineRoom({
  view: async () => (await import('./text.ts')).view,
  declare: (command) =>
    addSelectionOptions(
      command.description(
        'Shows every live TCP socket here: who holds it, its effective keepalive, its age of silence, and what becomes of it behind the middleboxes given. It only looks, unless --verify asks for probes.',
      ),
    )
      .optionsGroup('Judged against:')
      .addOption(middleboxOption())
      .addOption(middleboxTimeoutOption())
      .option('--loopback', 'judge connections within this host too, which no middlebox stands between')
      .optionsGroup('How:')
      .option(
        '--verify',
        'send up to three probes without payload on idle connections: do their far ends still answer (see below)',
      )
      .option('--no-owners', 'do not look for the processes: faster, and options are then known from timers only')
      .addOption(netnsOption('of --pid'))
      .optionsGroup('Output:')
      .addOption(new Option('--sort <order>', 'the order of the list').choices(SOCKET_ORDERS).default('risk' as const))
      .addOption(integerOption('--limit <n>', 'list no more than these; all are counted', { min: 0, max: 10_000_000 }))
      .addHelpText('after', HELP),

  async run(_operands, options, context) {
    const { owners, verify = false, loopback: judgeLocal = false, netns = null, sort: order, limit = null } = options;
    const middleboxes = givenMiddleboxes(options);
    const selection = await readSelection(options, { signal: context.signal });
    return listSockets({ ...selection, middleboxes, judgeLocal, owners, verify, netns, order, limit }, context);
  },
});
