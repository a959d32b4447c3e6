/** What the questions of the library have in common: options that are checked when they are given, and the report of the answer. */
import { UsageError } from '../../base/errors.ts';
import { quoted } from '../../base/quoted.ts';
import { didYouMean } from '../../base/suggest.ts';
import { findPreset, toMiddlebox } from '../../knowledge/find-middlebox.ts';
import { SEVERITIES } from '../../report/finding.ts';
import type { Outcome, Report } from '../../report/report.ts';
import { timeReport } from '../../report/time-report.ts';
import type { Middlebox } from '../../report/values.ts';
import type { CommandContext } from '../room.ts';
import type { LibraryOptions } from './library-types.ts';
import { type Bounds, IDLE_TIMEOUT_BOUNDS, middleboxWithTimeout } from './options.ts';

/** Reads one value that may be anything. Throws a UsageError that names it when it is not what is meant. */
export type Reader<T> = (value: unknown, name: string) => T;

const wrong = (name: string, value: unknown, what: string, hint: string | null = null): UsageError =>
  new UsageError(`${name} must be ${what}, not ${described(value)}`, hint);

function described(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

export const flag: Reader<boolean> = (value, name) => {
  if (typeof value === 'boolean') return value;
  throw wrong(name, value, 'true or false');
};

export const text: Reader<string> = (value, name) => {
  if (typeof value === 'string') return value;
  throw wrong(name, value, 'a text');
};

/** A number within bounds, with any fraction where they have no step. One whose name ends in `Ms` is a time in milliseconds. */
export function number({ min, max, step }: Omit<Bounds, 'step'> & { step?: number }): Reader<number> {
  return (value, name) => {
    const hint = `from ${min} to ${max}${step === undefined || step === 1 ? '' : ` in steps of ${step}`}`;
    if (typeof value !== 'number')
      throw wrong(name, value, name.endsWith('Ms') ? 'a number of milliseconds' : 'a number', hint);
    if (value >= min && value <= max && (step === undefined || value % step === 0)) return value;
    throw new UsageError(`${name} ${value} is out of range`, hint);
  };
}

export function oneOf<const T extends string | number>(choices: readonly T[]): Reader<T> {
  return (value, name) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    const guess = typeof value === 'string' ? didYouMean(value, choices.map(String)) : null;
    throw wrong(name, value, `one of ${choices.join(', ')}`, guess);
  };
}

/** null as well, where that is an answer: do not, or leave it to the host. */
export function orNull<T>(reader: Reader<T>): Reader<T | null> {
  return (value, name) => (value === null ? null : reader(value, name));
}

export function listOf<T>(reader: Reader<T>): Reader<T[]> {
  return (value, name) => {
    if (!Array.isArray(value)) throw wrong(name, value, 'a list');
    return value.map((item: unknown, at) => reader(item, `${name}[${at}]`));
  };
}

/** What readers of an object make of it: a key that is left out stays left out. */
type Read<R extends Record<string, Reader<unknown>>> = { -readonly [K in keyof R]?: ReturnType<R[K]> };

/** An object with some of these keys and no others. */
export function object<const R extends Record<string, Reader<unknown>>>(readers: R): Reader<Read<R>> {
  return (value, name) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name, value, 'an object');
    const read = Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
      const reader = Object.hasOwn(readers, key) ? readers[key] : undefined;
      if (reader === undefined) {
        const known = Object.keys(readers);
        throw new UsageError(
          `${name} has no option ${quoted(key)}`,
          didYouMean(key, known) ?? `known are ${known.join(', ')}`,
        );
      }
      return item === undefined ? [] : [[key, reader(item, key)] as const];
    });
    return Object.fromEntries(read) as Read<R>; // each key was read by its own reader
  };
}

export const middleboxes: Reader<Middlebox[]> = listOf((value, name) => {
  if (typeof value === 'string') return toMiddlebox(findPreset(value));
  const { idleTimeoutMs } = object({ idleTimeoutMs: number(IDLE_TIMEOUT_BOUNDS) })(value, name);
  if (idleTimeoutMs === undefined) throw wrong(name, value, 'the id of a preset, or { idleTimeoutMs }');
  return middleboxWithTimeout(idleTimeoutMs);
});

/** Readers for what every question takes. */
export const COMMON = {
  failOn: oneOf(SEVERITIES),
  signal: (value: unknown, name: string): AbortSignal => {
    if (value instanceof AbortSignal) return value;
    throw wrong(name, value, 'an AbortSignal');
  },
} as const satisfies Record<keyof LibraryOptions, Reader<unknown>>;

/** Asks a room, and makes the report of its answer. */
export function ask<Data, C extends string>(
  command: C,
  {
    failOn = 'error',
    signal = new AbortController().signal,
  }: { [K in keyof LibraryOptions]: LibraryOptions[K] | undefined },
  work: (context: CommandContext) => Outcome<Data> | Promise<Outcome<Data>>,
): Promise<Report<Data, C>> {
  return timeReport(command, failOn, async () => work({ signal, failOn, progress: () => {} }));
}
