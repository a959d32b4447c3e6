import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** The Python interpreter itself, without a shim in front of it that would be another process; empty where there is none. */
export const python: string =
  spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).stdout?.trim() ?? '';

/** A program of the test that says what happens, line by line. */
export interface Worker {
  child: ChildProcess;
  pid: number;
  /** The next line, once there is one. */
  line(): Promise<string>;
  tell(text: string): void;
  /** Ends it and waits for that; may be called again. */
  end(): Promise<void>;
}

/** Follows a program that was just started with pipes for its standard input and output. */
export function follow(child: ChildProcess): Worker {
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.stdout === null || child.pid === undefined) throw new Error('not started, or without a pipe');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const waiter = waiting.shift();
    if (waiter === undefined) lines.push(line);
    else waiter(line);
  });
  return {
    child,
    pid: child.pid,
    line: () => {
      const line = lines.shift();
      return line === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(line);
    },
    tell: (text) => child.stdin?.write(`${text}\n`),
    end: async () => {
      child.kill('SIGKILL');
      await over;
    },
  };
}

/** Starts a Python program. */
export function startPython(script: string): Worker {
  return follow(spawn(python, ['-u', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] }));
}

/** Waits until a program sleeps that has said what it waits for next: state S of proc_pid_stat(5). */
export async function asleep({ pid }: Pick<Worker, 'pid'>): Promise<void> {
  while (!/\) S [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) await sleep(5);
}

/** Reads until that ends, and says what it came to; then connects again, says that, and stays. */
export const BLOCKED_WORKER = (host: string, port: number | string): string => `
import errno, socket, sys, time
s = socket.create_connection(('${host}', ${port}))
print('reading', flush=True)
try: print('end of stream' if s.recv(100) == b'' else 'data', flush=True)
except OSError as error: print(errno.errorcode[error.errno], flush=True)
s.close()
s = socket.create_connection(('${host}', ${port}))
print('connected again', flush=True)
time.sleep(60)`;
