import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { startDeadline } from '../../base/deadline.ts';
import { KernelError } from '../../base/errors.ts';
import { SIGNAL_LAG_MS } from '../../linux/pass-through.ts';

const MAX_OUTPUT_BYTES = 1 << 20;
const DEFAULT_TIMEOUT_MS = 30_000;
/** How long the output of a program that has ended is waited for: a descendant may hold the pipe. */
const LAST_OUTPUT_MS = 200;

/** How to run a program to its end. */
export interface RunOptions {
  /** Written to its standard input, which then ends. Default: nothing. null leaves its standard input to the caller. */
  input?: string | null;
  /** After this it is killed. Default 30 s. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** How a program ended. */
export interface RunResult {
  /** null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The first MiB. */
  stdout: string;
  /** The first MiB. */
  stderr: string;
}

/**
 * Feeds a child process that has pipes for its standard streams, and waits for its end. Its output is kept up to a limit and read
 * to the end all the same.
 *
 * @throws KernelError when it cannot be started (its errno), or is not done in time (ETIMEDOUT): then it has been killed.
 * @throws the signal's reason when that is aborted: then, too, it has been killed.
 */
export function finish(child: ChildProcess, what: string, options: RunOptions = {}): Promise<RunResult> {
  const { input = '', timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  child.stdin?.on('error', () => {}); // it may end without having read
  if (input !== null) child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    let callOff = startDeadline(timeoutMs, () => giveUp(new KernelError('ETIMEDOUT', `run ${what}`)));
    const settle = () => {
      callOff();
      signal?.removeEventListener('abort', onAbort);
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    const giveUp = (reason: unknown) => {
      settle();
      child.kill('SIGKILL');
      reject(reason);
    };
    const onAbort = () => giveUp(signal?.reason);
    let awaitsOwnSignal = signal !== undefined;
    const onEnd = () => {
      if (awaitsOwnSignal && child.signalCode === 'SIGINT') {
        awaitsOwnSignal = false;
        callOff();
        callOff = startDeadline(SIGNAL_LAG_MS, onEnd);
        return;
      }
      settle();
      resolve({ code: child.exitCode, signal: child.signalCode, stdout: stdout(), stderr: stderr() });
    };
    child.once('error', (error: NodeJS.ErrnoException) =>
      giveUp(new KernelError(error.code ?? 'EIO', `start ${what}`)),
    );
    child.once('exit', () => {
      callOff();
      callOff = startDeadline(LAST_OUTPUT_MS, onEnd);
    });
    child.once('close', onEnd);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
  });
}

function collect(stream: Readable | null): () => string {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  stream?.on('error', () => {});
  stream?.on('data', (chunk: Buffer) => {
    if (sizeBytes >= MAX_OUTPUT_BYTES) return;
    chunks.push(chunk.subarray(0, MAX_OUTPUT_BYTES - sizeBytes));
    sizeBytes += chunk.length;
  });
  return () => Buffer.concat(chunks).toString();
}

/** The first line of what a program said, without the control characters that a terminal would obey; for messages. */
export function firstLine(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return line.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 300);
}
