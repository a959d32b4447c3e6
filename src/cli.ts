import { Command, CommanderError, Option, type OptionValues } from '@commander-js/extra-typings';
import { KaprobeError } from './base/errors.ts';
import { VERSION } from './base/version.ts';
import { type CommandName, commands } from './commands/index.ts';
import type { Room } from './commands/room.ts';
import { type FileOutput, openFileOutputs, outputOption } from './output/file-output.ts';
import type { Format, LongList } from './output/format.ts';
import { formats } from './output/formats/registry.generated.ts';
import { openLiveStream } from './output/live-stream.ts';
import { loadFormat } from './output/load-format.ts';
import { printable } from './output/printable.ts';
import { openProgress, type Progress } from './output/progress.ts';
import type { RenderOptions } from './output/render-options.ts';
import { renderOptionsFor } from './output/terminal.ts';
import { SEVERITIES, type Severity } from './report/finding.ts';
import { startReport } from './report/time-report.ts';

const EXIT_OK = 0;
const EXIT_COULD_NOT_TELL = 2;
const EXIT_INTERRUPTED = 130;

const EXIT_CODES = `
Exit codes:
  0    measured, and nothing wrong
  1    findings at or above --fail-on
  2    could not tell: bad usage, missing rights, nothing measured
  130  interrupted`;

/** argv → room → renderer → exit code. Nothing else prints or sets an exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort(new Error('interrupted'));
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  const progress = openProgress(process.stderr);
  try {
    let exitCode: number = EXIT_OK;
    const program = await declareProgram(argv, async (name, operands, options) => {
      exitCode = await runCommand(name, operands, options, interrupt.signal, progress);
    });
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    progress.clear();
    if (interrupt.signal.aborted) {
      complain('interrupted', null);
      return EXIT_INTERRUPTED;
    }
    return explain(error, calledCommand(argv));
  }
}

type Action = (name: CommandName, operands: string[], options: Record<string, unknown>) => Promise<void>;

/** Declares all commands by name, and in full the one that is called. */
async function declareProgram(argv: readonly string[], action: Action): Promise<Command> {
  const program = new Command('kaprobe')
    .description('Tells why idle TCP connections hang or die, who kills them, and what exactly to set.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addHelpText('after', EXIT_CODES);
  silence(program);
  const called = calledCommand(argv);
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.command(name).summary(summary);
    silence(command);
    if (name !== called) continue;
    const room = await load();
    room.declare(command);
    command
      .optionsGroup('Output:')
      .addOption(
        new Option('--format <format>', 'how to write the report').choices(Object.keys(formats)).default('text'),
      )
      .addOption(outputOption())
      .addOption(
        new Option('--fail-on <severity>', 'the least severity that makes the exit code 1')
          .choices(SEVERITIES)
          .default('error'),
      )
      .option('--color', 'colours even where the output is no terminal')
      .option('--no-color', 'no colours')
      .helpOption('-h, --help', 'print help')
      .addHelpText('after', EXIT_CODES)
      .action(() => action(called, command.args, command.opts()));
  }
  return program;
}

/** The command that the command line names; null when it names none that exists. */
function calledCommand(argv: readonly string[]): CommandName | null {
  const word = argv.find((text) => !text.startsWith('-') && text !== 'help');
  return word !== undefined && Object.hasOwn(commands, word) ? (word as CommandName) : null; // its own keys are the names
}

/** Lets errors come here instead of ending the process; commander would exit with 1, which means findings. */
function silence(command: Command): void {
  command
    .exitOverride()
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .configureHelp({ helpWidth: Math.min(process.stdout.columns || 80, 120), showGlobalOptions: false });
}

/** What every command takes. commander admits only known formats and severities. */
interface OutputOptions {
  format: string;
  failOn: Severity;
  output: readonly FileOutput[];
  color: boolean | null;
}

function outputOptions({ format, failOn, output, color }: OptionValues): OutputOptions {
  return {
    format: String(format),
    failOn: SEVERITIES.find((severity) => severity === failOn) ?? 'error',
    output: Array.isArray(output) ? output : [],
    color: typeof color === 'boolean' ? color : null,
  };
}

async function runCommand(
  name: CommandName,
  operands: string[],
  options: OptionValues,
  signal: AbortSignal,
  progress: Progress,
): Promise<number> {
  const { format: formatName, failOn, output, color } = outputOptions(options);
  const [room, format]: [Room, Format] = await Promise.all([commands[name].load(), loadFormat(formatName)]);
  const view = await room.view();
  const { stdout, stderr, env } = process;
  const renderOptions = (): RenderOptions => renderOptionsFor(stdout, env, color);
  const isLive = formatName === 'text' && stdout.isTTY && env['TERM'] !== 'dumb';
  const stream = openLiveStream(stdout, format, view, isLive, renderOptions);
  const files = await openFileOutputs(output);
  let longList: LongList | null = null;
  const takesLongLists = [format, ...files.map((file) => file.format)].every((each) => each.takesLongLists === true);
  const seal = startReport(name, failOn);
  const result = await room
    .run(operands, options, {
      signal: AbortSignal.any([signal, stream.readerGone]),
      failOn,
      progress: progress.show,
      tell: progress.tell,
      emit: stream.emit,
      ...(stderr.isTTY ? { note: progress.tell } : {}),
      ...(stream.show === null ? {} : { show: stream.show }),
      ...(takesLongLists
        ? {
            handOver: (list) => {
              longList = list;
            },
          }
        : {}),
    })
    .finally(stream.end)
    .catch((error: unknown) => {
      for (const file of files) file.discard();
      throw error;
    });
  progress.clear();
  if ('kind' in result) {
    for (const file of files) file.discard();
    for (const remark of result.remarks) complain(remark, null);
    return result.exitCode;
  }
  const report = seal(result);
  const interrupted = report.exitCode === EXIT_INTERRUPTED;
  // What Ctrl-C means was the other program's affair.
  const isChilds = result.childExitCode !== undefined;
  if (!isChilds && !interrupted && room.endsOnInterrupt !== true) signal.throwIfAborted();
  const document = { report, view, longList };
  for (const file of files) await file.write(document);
  if (isChilds) {
    if (files.length === 0) await writeAll(stderr, format.render(document, renderOptionsFor(stderr, env, color)));
    return report.exitCode;
  }
  if (stream.readerGone.aborted) return report.exitCode;
  await writeAll(stdout, format.render(document, renderOptions()));
  if (interrupted) complain('interrupted: this is what was known by then', null);
  return report.exitCode;
}

async function writeAll(stream: NodeJS.WriteStream, rendered: string | Iterable<Uint8Array>): Promise<void> {
  for (const part of typeof rendered === 'string' ? [rendered] : rendered) await write(stream, part);
}

/** Writes a part of the answer, or throws: a reader that is gone, a disk that is full. */
function write(stream: NodeJS.WriteStream, part: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(
        new KaprobeError(
          'output',
          error.code === 'EPIPE'
            ? 'stdout was closed before the whole report was written'
            : `cannot write the report: ${error.code ?? error.message}`,
          error.code === 'EPIPE' ? 'let the reader take all of it, as head does not' : null,
        ),
      );
    stream.once('error', fail);
    stream.write(part, (error) => {
      stream.removeListener('error', fail);
      if (error == null) resolve();
      else fail(error);
    });
  });
}

/** Says on stderr what went wrong and what to do; returns the exit code. */
function explain(error: unknown, called: CommandName | null): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT_OK; // help or version, already printed
    const { message, hint } = inHouseStyle(error);
    complain(message, hint ?? `see kaprobe ${called === null ? '' : `${called} `}--help`);
    return EXIT_COULD_NOT_TELL;
  }
  if (error instanceof KaprobeError) {
    complain(error.message, error.hint);
    return EXIT_COULD_NOT_TELL;
  }
  const details =
    error instanceof Error
      ? process.env['KAPROBE_DEBUG']
        ? (error.stack ?? error.message)
        : error.message
      : String(error);
  complain(`internal error: ${details}`, 'this is a bug in kaprobe; KAPROBE_DEBUG=1 shows where');
  return EXIT_COULD_NOT_TELL;
}

/** Commander's sentence without its prefix and full stops, and its suggestion as a hint. */
function inHouseStyle({ code, message }: CommanderError): { message: string; hint: string | null } {
  if (code === 'commander.help') return { message: 'no command given', hint: null };
  const [, flag, value, choices] =
    /option '(\S+).*' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s.exec(message) ?? [];
  if (flag !== undefined) return { message: `${flag} '${value}' is not one of ${choices}`, hint: null };
  const [sentence = '', suggestion] = message.replace(/^error: /, '').split('\n');
  return {
    message: sentence.replace('. Expected ', ': expected ').replace(/\.$/, ''),
    hint: suggestion?.replace(/^\((.*)\)$/, '$1').toLowerCase() ?? null,
  };
}

function complain(message: string, hint: string | null): void {
  process.stderr.write(`kaprobe: ${printable(message)}\n${hint === null ? '' : `hint: ${printable(hint)}\n`}`);
}

process.stdout.on('error', () => {}); // write() reports it
process.stderr.on('error', () => {}); // nobody left to tell
void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
  // A timer without a reference fires only if something else keeps the program: a resolver that does not answer. process.exit() would wait
  // for the thread that asks it.
  setTimeout(leaveAtOnce, 50).unref();
});

async function leaveAtOnce(): Promise<void> {
  const status = Number(process.exitCode);
  const { loadLibc } = await import('./linux/libc.ts');
  await loadLibc().then(
    (libc) => libc.exitNow(status),
    () => process.exit(status),
  );
}
