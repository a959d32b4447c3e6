import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { KaprobeError, KernelError, UsageError } from '../errors.ts';
import { loadLibc } from '../linux/libc.ts';
import { type PassedEnd, standFor } from '../linux/pass-through.ts';
import { judgeRun } from '../policy/judge-run.ts';
import { proposeKeepalive } from '../policy/proposal.ts';
import { type WatchedTree, watchProcessTree } from '../probes/process-tree-connections.ts';
import type { Middlebox, PassedThrough, Watched } from '../report.ts';
import { processSwitches } from '../stacks/switches.ts';
import type { CommandModule } from './index.ts';
import { addMiddleboxOptions, givenMiddleboxes, quoted } from './options.ts';

/** As env(1), nohup(1) and timeout(1) have it. */
const EXIT_CANNOT_START = 126;
const EXIT_NOT_FOUND = 127;

/**
 * Runs a command, looks again and again at the connections that its processes hold, and judges the outgoing ones when it has ended. Streams,
 * signals and exit code are the command's.
 */
export const run: CommandModule<'run', PassedThrough | Watched<'run'>> = {
  declare(command: Command): void {
    command
      .usage('[options] -- COMMAND...')
      .description(
        "Runs COMMAND, watches the TCP connections of it and of all processes that come from it, and judges the keepalive of every outgoing one. stdin, stdout and stderr are the command's; the report follows on stderr when it has ended, or goes into a file.",
      )
      .argument('[command...]', 'what to run')
      .optionsGroup('Judged against:');
    addMiddleboxOptions(command);
    command
      .option(
        '--require-connection',
        'could not tell (2) where no outgoing connection was seen: nothing is proved then',
      )
      .optionsGroup('Output:')
      .option('--report <file>', 'write the report into this file instead of to stderr')
      .addHelpText(
        'after',
        `
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
  kaprobe run --format json --report keepalive.json -- ./integration-tests.sh`,
      );
  },

  async run(operands, options, { signal }) {
    const [name] = operands;
    if (name === undefined) throw new UsageError('no command given', 'for example kaprobe run -- python3 app.py');
    const middleboxes = givenMiddleboxes(options);
    const { report } = options;
    if (options['format'] === 'json' && typeof report !== 'string') {
      throw new UsageError(
        "--format json needs a file: stdout and stderr are the command's",
        'add --report FILE, such as --report kaprobe.json',
      );
    }
    const watch = await watchProcessTree(await loadLibc());
    const file = typeof report === 'string' ? openReport(report) : null;
    signal.throwIfAborted();
    let isStarted = false;
    const start = (): ChildProcess => {
      const child = spawn(name, operands.slice(1), { stdio: 'inherit' });
      isStarted = child.pid !== undefined;
      if (child.pid !== undefined) watch.begin(child.pid);
      return child;
    };
    try {
      const end = await standFor(start, name, 'endless');
      return watched(operands, end, watch.stop(), {
        middleboxes,
        isRequired: options['requireConnection'] === true,
        deliver: file?.deliver ?? null,
      });
    } catch (error) {
      file?.close();
      if (error instanceof KernelError && !isStarted) return notStarted(name, error);
      throw error;
    }
  },
};

/** Opened before the command runs: a path that cannot be written to shows at once. */
function openReport(path: string): { deliver(text: string): void; close(): void } {
  const reasonOf = (error: unknown): string =>
    error instanceof Error && 'code' in error ? String(error.code) : String(error);
  let fd: number;
  try {
    fd = openSync(path, 'w');
  } catch (error) {
    throw new UsageError(`--report ${quoted(path)} cannot be written: ${reasonOf(error)}`);
  }
  return {
    close: () => closeSync(fd),
    deliver: (text) => {
      try {
        writeFileSync(fd, text);
        closeSync(fd);
      } catch (error) {
        throw new KaprobeError('output', `cannot write the report into ${quoted(path)}: ${reasonOf(error)}`);
      }
    },
  };
}

function notStarted(name: string, { errno }: KernelError): PassedThrough {
  return errno === 'ENOENT'
    ? { kind: 'passed-through', exitCode: EXIT_NOT_FOUND, remarks: [`there is no command ${quoted(name)}`] }
    : { kind: 'passed-through', exitCode: EXIT_CANNOT_START, remarks: [`cannot start ${quoted(name)}: ${errno}`] };
}

function watched(
  command: string[],
  { exitCode, signal }: PassedEnd,
  { connections: seen, denied, ...rest }: WatchedTree,
  {
    middleboxes,
    isRequired,
    deliver,
  }: { middleboxes: Middlebox[]; isRequired: boolean; deliver: Watched<'run'>['deliver'] },
): Watched<'run'> {
  const proposed = proposeKeepalive({ survival: null, settings: null, middleboxes });
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
  return { kind: 'watched', exitCode, deliver, outcome: { command: 'run', data, findings, gaps } };
}
