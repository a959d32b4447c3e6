import { type ChildProcess, spawn } from 'node:child_process';
import { KernelError, UsageError } from '../../base/errors.ts';
import { quoted } from '../../base/quoted.ts';
import { proposeKeepalive } from '../../keepalive/recommended-settings.ts';
import { processSwitches } from '../../knowledge/switches.ts';
import { loadLibc } from '../../linux/libc.ts';
import { type PassedEnd, passThrough } from '../../linux/pass-through.ts';
import type { Outcome, PassedThrough } from '../../report/report.ts';
import type { Middlebox } from '../../report/values.ts';
import { defineRoom } from '../room.ts';
import { givenMiddleboxes, middleboxOption, middleboxTimeoutOption } from '../shared/options.ts';
import { judgeRun } from './judge-run.ts';
import { type WatchedTree, watchProcessTree } from './process-tree-connections.ts';
import type { RunData } from './report.ts';

/** As env(1), nohup(1) and timeout(1) have it. */
const EXIT_CANNOT_START = 126;
const EXIT_NOT_FOUND = 127;

const HELP = `
Keepalive off is a warning, and an error where a middlebox is given.
Connections that others made to the command are listed and not judged. Those
on loopback are judged as if a middlebox stood between: the program is on
trial, not the path.

It looks every 10 ms or less often, so as to take no more than 1.5 % of a
core. A connection that begins and ends between two looks is not seen; the
report says how far apart they were, and how many connections of this network
namespace ended that nobody saw. Of one with keepalive off that was seen for
less than 100 ms it only warns: keepalive may have been about to be switched
on.

Exit code: 1 on findings, else the command's own, 128 + n when signal n ended
it; 2 where that is 0 but sockets could not be looked at, or where none was
seen that --require-connection asks for. 126: it cannot be started. 127: there
is no such command. What Ctrl-C means is up to the command.

Examples:
  kaprobe run --middlebox juniper-srx-tcp -- python3 app.py
  kaprobe run --middlebox-timeout 6m --fail-on warning -- npm test
  kaprobe run --output json=keepalive.json -- ./integration-tests.sh`;

/**
 * Runs a command, looks again and again at the connections that its processes hold, and judges the outgoing ones when it has ended. Streams,
 * signals and exit code are the command's.
 */
export const room = defineRoom({
  answers: (operands) => (operands.length > 0 ? 'program-and-report' : 'report'), // without a command it only says so
  view: async () => (await import('./text.ts')).view,
  declare: (command) =>
    command
      .usage('[options] -- COMMAND...')
      .description(
        "Runs COMMAND, watches the TCP connections of it and of all processes that come from it, and judges the keepalive of every outgoing one. stdin, stdout and stderr are the command's; the report follows on stderr when it has ended, or goes into the files of --output.",
      )
      .argument('[command...]', 'what to run')
      .optionsGroup('Judged against:')
      .addOption(middleboxOption())
      .addOption(middleboxTimeoutOption())
      .option(
        '--require-connection',
        'could not tell (2) where no outgoing connection was seen: nothing is proved then',
      )
      .addHelpText('after', HELP),

  async run(operands, options, { signal }): Promise<Outcome<RunData> | PassedThrough> {
    const [name] = operands;
    if (name === undefined) throw new UsageError('no command given', 'for example kaprobe run -- python3 app.py');
    const { requireConnection: isRequired = false } = options;
    const middleboxes = givenMiddleboxes(options);
    const watch = await watchProcessTree(await loadLibc());
    signal.throwIfAborted();
    let isStarted = false;
    const start = (): ChildProcess => {
      const child = spawn(name, operands.slice(1), { stdio: 'inherit' });
      isStarted = child.pid !== undefined;
      if (child.pid !== undefined) watch.begin(child.pid);
      return child;
    };
    try {
      const end = await passThrough(start, name, 'endless');
      return outcomeOf(operands, end, watch.stop(), { middleboxes, isRequired });
    } catch (error) {
      if (error instanceof KernelError && !isStarted) return notStarted(name, error);
      throw error;
    }
  },
});

function notStarted(name: string, { errno }: KernelError): PassedThrough {
  return errno === 'ENOENT'
    ? { kind: 'passed-through', exitCode: EXIT_NOT_FOUND, remarks: [`there is no command ${quoted(name)}`] }
    : { kind: 'passed-through', exitCode: EXIT_CANNOT_START, remarks: [`cannot start ${quoted(name)}: ${errno}`] };
}

function outcomeOf(
  command: string[],
  { exitCode, signal }: PassedEnd,
  { connections: seen, denied, ...rest }: WatchedTree,
  { middleboxes, isRequired }: { middleboxes: Middlebox[]; isRequired: boolean },
): Outcome<RunData> {
  const proposed = proposeKeepalive({ middleboxes });
  const { connections, findings } = judgeRun(seen, middleboxes, (name) =>
    proposed === null ? [] : processSwitches(name, proposed),
  );
  const gaps = denied.map(({ pid, command: name, reason }) => ({
    subject: `${name ?? 'process'} ${pid}`,
    what: 'its sockets',
    reason,
  }));
  if (isRequired && connections.every(({ risk }) => risk === null))
    gaps.push({ subject: command[0] ?? '', what: 'keepalive', reason: 'no outgoing connection was seen' });
  const data = { command, exitCode, signal, ...rest, connections, middleboxes };
  return { data, findings, gaps, childExitCode: exitCode };
}
