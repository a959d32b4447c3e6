/** Options that commands share, and the reading of their values. Every value that cannot be meant is a UsageError that names its option. */
import { Option } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { quoted } from '../../base/quoted.ts';
import { DAY_MS, durationArgument, formatDuration, parseDuration } from '../../base/units.ts';
import { findPreset, toMiddlebox } from '../../knowledge/find-middlebox.ts';
import type { Middlebox } from '../../report/values.ts';

/** What a number may be. `step`: 1000 for what the kernel counts in whole seconds. Durations are in milliseconds. */
export interface Bounds {
  min: number;
  max: number;
  step: number;
}

/** What holds when the option is not given. */
interface Fallback {
  /** The value that the room then gets. */
  default?: number;
  /** Shown as the default, but the room gets undefined: it sees whether the option was given, or works the value out. A text stands as it is. */
  shownDefault?: number | string;
}

/** An option of the command line; its value is never undefined where `F` has a default. */
type NumberOption<Flags extends string, F extends Fallback> = Option<
  Flags,
  undefined,
  F extends { default: number } ? number : undefined,
  number
>;

function numberOption<Flags extends string, F extends Fallback>(
  flags: Flags,
  description: string,
  fallback: F | undefined,
  { read, write }: { read(name: string, text: string): number; write(value: number): string },
): NumberOption<Flags, F> {
  const { default: value, shownDefault: shown } = fallback ?? {};
  const told = shown === undefined ? '' : ` (default: ${typeof shown === 'number' ? write(shown) : shown})`;
  const option = new Option(flags, description + told);
  const parsed = option.argParser((text: string) => read(`${option.long}`, text));
  if (value !== undefined) parsed.default(value, write(value));
  return parsed as NumberOption<Flags, F>; // the default is a number exactly where F has one
}

/**
 * An option whose value is a duration with a unit; it reads as milliseconds. The bounds may say what holds when it is not given: the help
 * then shows it as `(default: 90s)`.
 */
export function durationOption<const Flags extends string, const F extends Bounds & Fallback>(
  flags: Flags,
  description: string,
  bounds: F,
) {
  return numberOption(flags, description, bounds, {
    read: (name, text) => readDuration(name, text, bounds),
    write: durationArgument,
  });
}

/** Reads one duration, or throws a UsageError that names the option. */
export function readDuration(name: string, text: string, { min, max, step }: Bounds): number {
  const parsed = parseDuration(text);
  if (parsed.kind === 'invalid')
    throw new UsageError(`${name} ${quoted(text)} ${parsed.reason}`, `for example ${name} 90s`);
  const { ms } = parsed;
  if (ms < min || ms > max) {
    throw new UsageError(
      `${name} ${quoted(text)} is out of range`,
      `from ${formatDuration(min)} to ${formatDuration(max)}`,
    );
  }
  if (ms % step !== 0)
    throw new UsageError(`${name} ${quoted(text)} is too fine`, `it is counted in steps of ${formatDuration(step)}`);
  return ms;
}

/** An option whose value is a whole number, with a default as `durationOption` has it. */
export function integerOption<const Flags extends string, const F extends Omit<Bounds, 'step'> & Fallback>(
  flags: Flags,
  description: string,
  bounds: F,
) {
  return numberOption(flags, description, bounds, {
    read: (name, text) => readInteger(name, text, bounds),
    write: String,
  });
}

/** Reads one whole number, or throws a UsageError that names the option. */
function readInteger(name: string, text: string, { min, max }: Omit<Bounds, 'step'>): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new UsageError(`${name} ${quoted(text)} is not a whole number from ${min} to ${max}`);
  }
  return value;
}

/** An option whose value is a share such as 10%; it reads as that number, to a hundredth. */
export function percentOption<const Flags extends string, const F extends Fallback>(
  flags: Flags,
  description: string,
  fallback?: F,
) {
  return numberOption(flags, description, fallback, { read: readPercent, write: (value) => `${value}%` });
}

/** Reads one share, or throws a UsageError that names the option. */
function readPercent(name: string, text: string): number {
  const [, digits, sign] = /^(\d{1,3}(?:\.\d{1,2})?)(%?)$/.exec(text) ?? [];
  if (digits !== undefined && sign === '') {
    throw new UsageError(`${name} ${quoted(text)} has no percent sign`, `write ${text}%`);
  }
  const value = digits === undefined ? Number.NaN : Number(digits);
  if (!(value <= 100)) {
    throw new UsageError(
      `${name} ${quoted(text)} is not a share from 0% to 100%`,
      `in hundredths at the finest, for example ${name} 10%`,
    );
  }
  return value;
}

/** Boxes count whole seconds; a year is longer than any of their idle timeouts, but for "never". */
export const IDLE_TIMEOUT_BOUNDS: Bounds = { min: 1000, max: 366 * DAY_MS, step: 1 };

/** An option that may be given several times; its value is the list of them, undefined when it is not given at all. */
export function repeatableOption<const Flags extends string>(flags: Flags, description: string) {
  return new Option(flags, description).argParser((text: string, before: readonly string[] | undefined): string[] => [
    ...(before ?? []),
    text,
  ]);
}

/** PID_MAX_LIMIT of include/linux/threads.h. */
export const HIGHEST_PID = 4_194_304;

/** `--netns`. `fallback`: whose namespace it is without it, where that is not kaprobe's own. */
export function netnsOption(fallback?: string) {
  return integerOption('--netns <pid>', 'network namespace of this process, such as one in a container', {
    min: 1,
    max: HIGHEST_PID,
    ...(fallback === undefined ? {} : { shownDefault: fallback }),
  });
}

/** What Linux takes for a socket: MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT (include/net/tcp.h), and milliseconds in an int. */
export const KEEPALIVE_BOUNDS: Record<'idleMs' | 'intervalMs' | 'count' | 'userTimeoutMs', Bounds> = {
  idleMs: { min: 1000, max: 32_767_000, step: 1000 },
  intervalMs: { min: 1000, max: 32_767_000, step: 1000 },
  count: { min: 1, max: 127, step: 1 },
  userTimeoutMs: { min: 1, max: 2_147_483_647, step: 1 },
};

/** What a room has otherwise than the others: a bound, a default. */
type Own = Partial<Bounds> & Fallback;

/** `--idle`, within the kernel's bounds unless the room has its own. */
export function idleOption<const O extends Own>(own: O) {
  return durationOption('--idle <duration>', 'TCP_KEEPIDLE: silence before the first probe', {
    ...KEEPALIVE_BOUNDS.idleMs,
    ...own,
  });
}

/** `--interval`, likewise. */
export function intervalOption<const O extends Own>(own: O) {
  return durationOption('--interval <duration>', 'TCP_KEEPINTVL: between unanswered probes', {
    ...KEEPALIVE_BOUNDS.intervalMs,
    ...own,
  });
}

/** `--count`, likewise. */
export function countOption<const O extends Own>(own: O) {
  return integerOption('--count <n>', 'TCP_KEEPCNT: unanswered probes until the kernel gives the connection up', {
    ...KEEPALIVE_BOUNDS.count,
    ...own,
  });
}

/** `--user-timeout`, likewise. */
export function userTimeoutOption<const O extends Own>(own: O) {
  return durationOption('--user-timeout <duration>', 'TCP_USER_TIMEOUT', { ...KEEPALIVE_BOUNDS.userTimeoutMs, ...own });
}

/** What a connection, a handshake or an answer may take. */
export const TIMEOUT_BOUNDS: Bounds = { min: 1, max: 3_600_000, step: 1 };

/** `--timeout`. `what`: for what each. */
export function timeoutOption<const O extends Fallback>(what: string, own: O) {
  return durationOption('--timeout <duration>', what, { ...TIMEOUT_BOUNDS, ...own });
}

/** `--for`, from a second up to the maximum of the room. */
export function forOption<const O extends Pick<Bounds, 'max'> & Fallback>(own: O) {
  return durationOption('--for <duration>', 'when to end', { min: 1000, step: 1, ...own });
}

/** `--middlebox`, repeatable. */
export function middleboxOption() {
  return repeatableOption('--middlebox <id>', 'a preset from `kaprobe middleboxes`; repeatable, the strictest decides');
}

/** `--middlebox-timeout`, repeatable. */
export function middleboxTimeoutOption() {
  return repeatableOption(
    '--middlebox-timeout <duration>',
    'the idle timeout of a box on the path, such as 30m; repeatable',
  );
}

/** The middleboxes that both options name, in the order given: presets first. Throws a UsageError for an unknown one. */
export function givenMiddleboxes(options: {
  middlebox?: string[] | undefined;
  middleboxTimeout?: string[] | undefined;
}): Middlebox[] {
  const { middlebox: ids = [], middleboxTimeout: timeouts = [] } = options;
  return [
    ...ids.map((id) => {
      if (id === 'list')
        throw new UsageError('--middlebox takes the id of one preset', '`kaprobe middleboxes` lists them');
      return toMiddlebox(findPreset(id));
    }),
    ...timeouts.map((text) => middleboxWithTimeout(readDuration('--middlebox-timeout', text, IDLE_TIMEOUT_BOUNDS))),
  ];
}

/** A box of which only the idle timeout is known, and that it forwards packets. */
export function middleboxWithTimeout(idleTimeoutMs: number): Middlebox {
  return { kind: 'timeout', idleTimeoutMs, keepaliveRefreshes: true };
}
