/** Durations as people write and read them. Inside the program every duration is a number of milliseconds. */

export const DAY_MS = 86_400_000;

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS } as const;

/** What `parseDuration` makes of a text: milliseconds, or the reason why it is none. */
export type ParsedDuration = { kind: 'duration'; ms: number } | { kind: 'invalid'; reason: string };

/**
 * Reads `90s`, `30m`, `1h30m`, `500ms` or `2d`. A bare number is refused, because seconds, minutes and milliseconds are all in
 * use for timeouts and a guess would be wrong by a factor of sixty or a thousand.
 */
export function parseDuration(text: string): ParsedDuration {
  const invalid = (reason: string): ParsedDuration => ({ kind: 'invalid', reason });
  if (/^\d{1,12}(\.\d{1,6})?$/.test(text)) return invalid(`has no unit: write ${text}s, ${text}m or ${text}h`);
  if (!/^(\d{1,12}(\.\d{1,6})?(ms|s|m|h|d))+$/.test(text))
    return invalid('is not a duration: write it as 90s, 30m, 2h or 1h30m');
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|[smhd])/g)) {
    ms += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]; // the pattern above admits only these units
  }
  return { kind: 'duration', ms: Math.round(ms * 1000) / 1000 }; // 4.1 · 60000 is a little less than 246000
}

/**
 * Writes milliseconds for people: `0.35 ms`, `850 ms`, `4.2 s`, `30 m`, `2 h 11 m 15 s`. Below a minute two or three digits are kept, above
 * it whole seconds.
 */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1) return `${Number(ms.toPrecision(2))} ms`;
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${Number((ms / 1000).toFixed(1))} s`;
  const parts: string[] = [];
  let rest = Math.round(ms / 1000);
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const whole = Math.floor(rest / seconds);
    rest -= whole * seconds;
    if (whole > 0) parts.push(`${whole} ${unit}`);
  }
  return parts.join(' ');
}

/** Writes milliseconds as an option takes them, in the largest unit that needs no fraction: `30m`, `90s`, `90500ms`. */
export function durationArgument(ms: number): string {
  const units = ['d', 'h', 'm', 's'] as const;
  const unit = units.find((each) => ms > 0 && ms % UNIT_MS[each] === 0) ?? 'ms';
  return `${ms / UNIT_MS[unit]}${unit}`;
}

/** Writes a count with its noun: `1 probe`, `5 probes`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
