import { KaprobeError, UsageError } from './base/errors.ts';
import { type RoomRequest, readCommandLine } from './commands/command-line.ts';
import type { Answers } from './commands/room.ts';
import { openReportFiles } from './output/file-output.ts';
import type { Document, Format, LongList } from './output/format.ts';
import { openLiveStream } from './output/live-stream.ts';
import { loadFormat } from './output/load-format.ts';
import { printable } from './output/printable.ts';
import { openProgress, type Progress } from './output/progress.ts';
import type { RenderOptions } from './output/render-options.ts';
import { renderOptionsFor } from './output/terminal.ts';
import { startReport } from './report/time-report.ts';

const EXIT_OK = 0;
const EXIT_COULD_NOT_TELL = 2;
const EXIT_INTERRUPTED = 130;

/** argv → room → renderer → exit code. Nothing else prints or sets an exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort(new Error('interrupted'));
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  const progress = openProgress(process.stderr);
  try {
    const request = await readCommandLine(argv, Math.min(process.stdout.columns || 80, 120));
    if (request.kind === 'room') return await answer(request, interrupt.signal, progress);
    await write(process.stdout, request.text);
    return EXIT_OK;
  } catch (error) {
    progress.clear();
    if (interrupt.signal.aborted) {
      complain('interrupted', null);
      return EXIT_INTERRUPTED;
    }
    return explain(error);
  }
}

/** Runs the room, and writes its report to where it is to go. */
async function answer(request: RoomRequest, signal: AbortSignal, progress: Progress): Promise<number> {
  const { name, room, operands, options, output } = request;
  const format = await loadFormat(output.format);
  const answers = room.answers?.(operands) ?? 'report';
  assertHasPlace(request, format, answers);
  const files = await openReportFiles(output.files);
  const view = await room.view();
  const { stdout, stderr, env } = process;
  const renderOptions = (): RenderOptions => renderOptionsFor(stdout, env, output.color);
  const isLive = format.forPeople === true && stdout.isTTY && env['TERM'] !== 'dumb';
  const stream = openLiveStream(stdout, format, view, isLive, renderOptions);
  let longList: LongList | null = null;
  const takesLongLists = [format, ...files.map((file) => file.format)].every((each) => each.takesLongLists === true);
  const seal = startReport(name, output.failOn);
  const result = await room
    .run(operands, options, {
      signal: AbortSignal.any([signal, stream.readerGone]),
      failOn: output.failOn,
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
    .finally(stream.end);
  progress.clear();
  if ('kind' in result) {
    for (const remark of result.remarks) complain(remark, null);
    return result.exitCode;
  }
  const report = seal(result);
  const interrupted = report.exitCode === EXIT_INTERRUPTED;
  // What Ctrl-C means was the other program's affair.
  if (answers === 'report' && !interrupted && room.endsOnInterrupt !== true) signal.throwIfAborted();
  const document: Document = { report, view, longList };
  const problems: unknown[] = [];
  const attempt = async (work: () => void | Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (problem) {
      problems.push(problem);
    }
  };
  for (const file of files) await attempt(() => file.write(document));
  if (answers !== 'report') {
    const toStderr = () => writeAll(stderr, format.render(document, renderOptionsFor(stderr, env, output.color)));
    if (files.length === 0) await attempt(toStderr);
  } else if (!stream.readerGone.aborted) {
    await attempt(() => writeAll(stdout, format.render(document, renderOptions())));
    if (interrupted) complain('interrupted: this is what was known by then', null);
  }
  for (const problem of problems) explain(problem);
  return problems.length > 0 ? EXIT_COULD_NOT_TELL : report.exitCode;
}

/** Throws a UsageError where the report would get lost, or mixed up with what another program prints. */
function assertHasPlace(
  { name, output: { format, files } }: RoomRequest,
  { forPeople }: Format,
  answers: Answers,
): void {
  if (answers === 'program' && files.length > 0)
    throw new UsageError(`--output: kaprobe ${name} makes no report when it runs a command`, 'leave out --output');
  if (answers === 'program-and-report' && files.length === 0 && forPeople !== true) {
    throw new UsageError(
      `--format ${format} needs a file: stdout and stderr are the command's`,
      `add --output ${format}=FILE, such as --output ${format}=kaprobe.json`,
    );
  }
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
function explain(error: unknown): number {
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
