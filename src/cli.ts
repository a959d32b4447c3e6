import { Command, CommanderError, Option } from 'commander';
import { type CommandModule, commands } from './commands/index.ts';
import { KaprobeError } from './errors.ts';
import { printable } from './renderers/printable.ts';
import type { WatchEvent, WatchView } from './report/watch.ts';
import {
  type AnyReport,
  type CommandName,
  type PassedThrough,
  type Report,
  SEVERITIES,
  type Severity,
  type Watched,
} from './report.ts';
import { sealed } from './sealed.ts';
import type { Live } from './terminal.ts';
import { VERSION } from './version.ts';

const EXIT_OK = 0;
const EXIT_COULD_NOT_TELL = 2;
const EXIT_INTERRUPTED = 130;

/** The formats of `renderers/index.ts`, which is loaded only when something is rendered; a test holds the two together. */
export const FORMATS = ['text', 'json', 'ndjson'] as const;

const EXIT_CODES = `
Exit codes:
  0    measured, and nothing wrong
  1    findings at or above --fail-on
  2    could not tell: bad usage, missing rights, nothing measured
  130  interrupted`;

/** argv → command → renderer → exit code. Nothing else prints or sets an exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort(new Error('interrupted'));
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  const progress = openProgress();
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
  for (const [name, { summary, load }] of Object.entries(commands) as [CommandName, (typeof commands)[CommandName]][]) {
    const command = program.command(name).summary(summary);
    silence(command);
    if (name !== called) continue;
    const module = await load();
    module.declare(command);
    command
      .optionsGroup('Output:')
      .addOption(new Option('--format <format>', 'how to write the report').choices(FORMATS).default('text'))
      .addOption(
        new Option('--fail-on <severity>', 'the least severity that makes the exit code 1')
          .choices(SEVERITIES)
          .default('error'),
      )
      .option('--color', 'colours even where the output is no terminal')
      .option('--no-color', 'no colours')
      .helpOption('-h, --help', 'print help')
      .addHelpText('after', EXIT_CODES)
      .action(() => action(name, command.args, command.opts()));
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

async function runCommand(
  name: CommandName,
  operands: string[],
  options: Record<string, unknown>,
  signal: AbortSignal,
  progress: Progress,
): Promise<number> {
  const failOn = options['failOn'] as Severity; // commander admits only these
  const module: CommandModule<CommandName, PassedThrough | Watched<CommandName>> = await commands[name].load();
  const stream = openStream(options, signal);
  const result = await sealed(failOn, () =>
    module.run(operands, options, {
      ...{ signal: stream.signal, emit: stream.emit },
      ...(stream.show === null ? {} : { show: stream.show }),
      failOn,
      progress: progress.show,
      tell: progress.tell,
      ...(process.stderr.isTTY ? { note: progress.tell } : {}),
    }),
  ).finally(stream.end);
  if ('kind' in result && result.kind === 'watched') {
    // What Ctrl-C means was the other program's affair.
    progress.clear();
    const { report, deliver } = result;
    const rendered = await renderFor(deliver === null ? process.stderr : {}, report, options);
    const text =
      typeof rendered === 'string'
        ? rendered
        : Buffer.concat(Array.from(rendered, (part) => Buffer.from(part))).toString();
    if (deliver === null) process.stderr.write(text);
    else deliver(text);
    return report.exitCode;
  }
  const interrupted = 'exitCode' in result && result.exitCode === EXIT_INTERRUPTED;
  if (!interrupted && module.endsOnInterrupt !== true) signal.throwIfAborted();
  if ('kind' in result) {
    progress.clear();
    for (const remark of result.remarks) complain(remark, null);
    return result.exitCode;
  }
  await stream.written();
  progress.clear();
  if (stream.isReaderGone()) return result.exitCode;
  const rendered = await renderFor(process.stdout, result, options);
  for (const part of typeof rendered === 'string' ? [rendered] : rendered) await write(part);
  if (interrupted) complain('interrupted: this is what was known by then', null);
  return result.exitCode;
}

/** The report as `--format` and the colour options want it on that stream, or in a file. */
async function renderFor(
  screen: { isTTY?: boolean; columns?: number },
  report: Report,
  options: Record<string, unknown>,
): Promise<string | Iterable<Uint8Array>> {
  const [{ renderers }, { renderOptionsFor }] = await Promise.all([
    import('./renderers/index.ts'),
    import('./terminal.ts'),
  ]);
  const color = colorOf(options);
  const render = await renderers[options['format'] as keyof typeof renderers](); // commander admits only these
  // Command and data belong together, which the type of a union does not show.
  return render(report as AnyReport, renderOptionsFor(screen, process.env, color));
}

const colorOf = ({ color }: Record<string, unknown>): boolean | null => (typeof color === 'boolean' ? color : null);

/** What a command tells before its report. */
interface Stream {
  /** Aborts on Ctrl-C, and when nobody reads any more what is told. */
  signal: AbortSignal;
  emit(event: WatchEvent): void;
  /** null: there is no terminal to show it on. */
  show: ((view: WatchView) => void) | null;
  /** Takes away what is shown. */
  end(): void;
  /** Resolves when all that was told has been written. */
  written(): Promise<void>;
  isReaderGone(): boolean;
}

/** Writes events as they happen, in the format asked for, and on a terminal a table below them. */
function openStream(options: Record<string, unknown>, signal: AbortSignal): Stream {
  const format = options['format'] as (typeof FORMATS)[number]; // commander admits only these
  const { stdout, env } = process;
  const readerGone = new AbortController();
  const isLive = format === 'text' && stdout.isTTY && env['TERM'] !== 'dumb';
  // In this order: what is told while the renderers are being loaded waits for them.
  let queue: Promise<void> = Promise.resolve();
  let live: Live | null = null;
  const onceLoaded = (work: (loaded: Loaded) => void): void => {
    queue = queue.then(async () => work(await loadRenderers()));
  };
  const write = (text: string): void => {
    if (readerGone.signal.aborted) return;
    stdout.write(text, (error) => {
      if (error != null) readerGone.abort(new Error('nobody reads any more'));
    });
  };
  const screen = ({ terminal }: Loaded): Live => {
    live ??= terminal.openLive(write, () => stdout.columns || 80);
    return live;
  };
  return {
    signal: AbortSignal.any([signal, readerGone.signal]),
    emit: (event) =>
      onceLoaded((loaded) => {
        const text = loaded.eventRenderers[format]?.(
          event,
          loaded.terminal.renderOptionsFor(stdout, env, colorOf(options)),
        );
        if (text === undefined) return;
        if (isLive) screen(loaded).above(text);
        else write(text);
      }),
    show: isLive
      ? (view) =>
          onceLoaded((loaded) => {
            const renderOptions = loaded.terminal.renderOptionsFor(stdout, env, colorOf(options));
            screen(loaded).draw(loaded.renderView(view, renderOptions, Math.max(1, (stdout.rows || 24) - 2)));
          })
      : null,
    end: () => {
      queue = queue.then(() => live?.clear());
    },
    written: () => queue,
    isReaderGone: () => readerGone.signal.aborted,
  };
}

/** Only what tells something before its report needs these so early. */
async function loadRenderers() {
  const [{ eventRenderers, renderView }, terminal] = await Promise.all([
    import('./renderers/events.ts'),
    import('./terminal.ts'),
  ]);
  return { eventRenderers, renderView, terminal };
}
type Loaded = Awaited<ReturnType<typeof loadRenderers>>;

/** Writes a part of the answer, or throws: a reader that is gone, a disk that is full. */
function write(part: string | Uint8Array): Promise<void> {
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
    process.stdout.once('error', fail);
    process.stdout.write(part, (error) => {
      process.stdout.removeListener('error', fail);
      if (error == null) resolve();
      else fail(error);
    });
  });
}

interface Progress {
  show(line: string): void;
  tell(line: string): void;
  clear(): void;
}

/** `show`: one line on stderr that replaces itself, once something takes more than a second; nothing unless that is a terminal. `tell`: a line that stays. */
function openProgress(): Progress {
  const tell = (line: string): void => {
    process.stderr.write(`kaprobe: ${printable(line)}\n`);
  };
  if (!process.stderr.isTTY) return { show: () => {}, tell, clear: () => {} };
  const startedAtMs = performance.now();
  let shown = false;
  let latest = '';
  const paint = (): void => {
    if (latest === '' || performance.now() - startedAtMs < 1000) return;
    process.stderr.write(`\r\u001b[K${latest.slice(0, (process.stderr.columns || 80) - 1)}`);
    shown = true;
  };
  const timer = setInterval(paint, 250);
  timer.unref();
  return {
    show: (line) => {
      latest = line;
      paint();
    },
    tell: (line) => {
      if (shown) process.stderr.write('\r\u001b[K');
      shown = false;
      tell(line);
    },
    clear: () => {
      clearInterval(timer);
      latest = '';
      if (shown) process.stderr.write('\r\u001b[K');
      shown = false;
    },
  };
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
