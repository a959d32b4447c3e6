/** Options that commands share, and the reading of their values. Every value that cannot be meant is a UsageError that names its option. */
import { Option } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { formatDuration, parseDuration } from '../../base/units.ts';
import { findPreset, toMiddlebox } from '../../knowledge/find-middlebox.ts';
import type { Middlebox } from '../../report/values.ts';

/** What a number may be. `step`: 1000 for what the kernel counts in whole seconds. Durations are in milliseconds. */
export interface Bounds {
  min: number;
  max: number;
  step: number;
}

/** An option whose value is a duration with a unit; it reads as milliseconds. */
export function durationOption<const Flags extends string>(flags: Flags, description: string, bounds: Bounds) {
  const option = new Option(flags, description);
  return option.argParser((text: string) => readDuration(`${option.long}`, text, bounds));
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

/** An option whose value is a whole number. */
export function integerOption<const Flags extends string>(
  flags: Flags,
  description: string,
  bounds: Omit<Bounds, 'step'>,
) {
  const option = new Option(flags, description);
  return option.argParser((text: string) => readInteger(`${option.long}`, text, bounds));
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
export function percentOption<const Flags extends string>(flags: Flags, description: string) {
  const option = new Option(flags, description);
  return option.argParser((text: string) => readPercent(`${option.long}`, text));
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

/** A text of the user's, short enough to stand in a message. */
export function quoted(text: string): string {
  return `'${text.length > 60 ? `${text.slice(0, 57)}...` : text}'`;
}

/** Boxes count whole seconds; a year is longer than any of their idle timeouts, but for "never". */
export const IDLE_TIMEOUT_BOUNDS: Bounds = { min: 1000, max: 366 * 86_400_000, step: 1 };

const given = (value: string, before: readonly string[] | undefined): string[] => [...(before ?? []), value];

/** `--middlebox`, repeatable. */
export function middleboxOption() {
  return new Option(
    '--middlebox <id>',
    'a preset from `kaprobe middleboxes`; repeatable, the strictest decides',
  ).argParser(given);
}

/** `--middlebox-timeout`, repeatable. */
export function middleboxTimeoutOption() {
  return new Option(
    '--middlebox-timeout <duration>',
    'the idle timeout of a box on the path, such as 30m; repeatable',
  ).argParser(given);
}

/** The middleboxes that both options name, in the order given: presets first. Throws a UsageError for an unknown one. */
export function givenMiddleboxes(options: { middlebox?: string[]; middleboxTimeout?: string[] }): Middlebox[] {
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
