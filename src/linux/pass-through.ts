import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { startDeadline } from '../base/deadline.ts';
import { KernelError } from '../base/errors.ts';

/** Those that ask a program to end. */
const ENDING = ['SIGINT', 'SIGTERM'] as const;
/** Those whose meaning is the program's own affair. */
const OTHERS = ['SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
/** Those that a terminal sends to all processes in its foreground. */
const BY_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGHUP'];

/** How long a program that was asked to end has until it gets SIGTERM, and then until it is left to its fate. */
const GRACE_MS = 2000;
const LAST_GRACE_MS = 3000;
/** A terminal's Ctrl-C goes to a child too, whose end may be seen so much, in ms, before this process's own signal. */
export const SIGNAL_LAG_MS = 500;

/** How a program ended. */
export interface PassedEnd {
  /** 128 + n when signal n ended it, as shells have it. */
  exitCode: number;
  /** null when it ended by itself. */
  signal: NodeJS.Signals | null;
}

/** How long a program may go on that was asked to end. */
export type Patience =
  /** As long as it likes: what the signals mean is its own affair. */
  | 'endless'
  /** Five seconds from when this is aborted; and a second Ctrl-C finds no listener, and ends this process at once. */
  | AbortSignal;

/**
 * Starts a program with this process's own standard streams, forwards signals to it, and returns how it ended. A terminal's Ctrl-C has
 * reached it already and is not forwarded.
 *
 * @throws KernelError when it could not be started; the signal's reason when that is aborted, once the program has ended or its time is up.
 */
export async function passThrough(start: () => ChildProcess, what: string, patience: Patience): Promise<PassedEnd> {
  let child: ChildProcess | null = null;
  const forward = (name: NodeJS.Signals) => {
    if (!(BY_TERMINAL.includes(name) && isInForeground())) child?.kill(name);
  };
  // Before it is started: a signal that comes as soon as it runs must find a listener.
  for (const name of ENDING) {
    if (patience === 'endless') process.on(name, forward);
    else process.once(name, forward);
  }
  for (const name of OTHERS) process.on(name, forward);
  try {
    child = start();
    return await endOf(child, what, patience);
  } finally {
    for (const name of [...ENDING, ...OTHERS]) process.removeListener(name, forward);
  }
}

function endOf(child: ChildProcess, what: string, patience: Patience): Promise<PassedEnd> {
  const signal = patience === 'endless' ? new AbortController().signal : patience;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = () => {
      timer = setTimeout(() => {
        child.kill('SIGTERM');
        timer = setTimeout(() => {
          settle();
          reject(signal.reason);
        }, LAST_GRACE_MS);
      }, GRACE_MS);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      settle();
      reject(new KernelError(error.code ?? 'EIO', `start ${what}`));
    });
    child.once('exit', (code, endedBy) => {
      settle();
      const conclude = () => {
        if (signal.aborted) reject(signal.reason);
        else resolve({ exitCode: code ?? 128 + (endedBy === null ? 0 : constants.signals[endedBy]), signal: endedBy });
      };
      const isShared = patience !== 'endless' && endedBy !== null && BY_TERMINAL.includes(endedBy);
      if (isShared && !signal.aborted) startDeadline(SIGNAL_LAG_MS, conclude);
      else conclude();
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** Reports whether a terminal's signals reach this process, and with it the children in its group: `pgrp` and `tpgid` of proc(5). */
function isInForeground(): boolean {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === foreground;
}
