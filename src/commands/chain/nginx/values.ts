/** The values of nginx's directives: times, numbers, flags. Null: nginx refuses such a text. */

/** The units of ngx_parse_time, the largest first: each may stand once, and only before smaller ones. */
const UNITS: readonly { unit: string; ms: number }[] = [
  { unit: 'y', ms: 365 * 86_400_000 },
  { unit: 'M', ms: 30 * 86_400_000 },
  { unit: 'w', ms: 7 * 86_400_000 },
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'm', ms: 60_000 },
  { unit: 's', ms: 1000 },
  { unit: 'ms', ms: 1 },
];

/**
 * Reads a time such as `75`, `75s`, `1m30s`, `1h 30m` or `500ms` and returns milliseconds. A last number without a unit is seconds.
 * `resolution` says what the directive keeps: those that keep seconds take years and months but no milliseconds. Where a number is left
 * out it is 0, as in `1hm`, because nginx takes that too.
 */
export function parseTime(text: string, resolution: 'seconds' | 'milliseconds' = 'milliseconds'): number | null {
  const part = /(\d{0,18})(ms|[yMwdhms ]|$) */y; // more digits than that are more than nginx's 63 bits can be
  const SECONDS = UNITS.findIndex(({ unit }) => unit === 's');
  let total = 0;
  let last = resolution === 'seconds' ? -1 : UNITS.findIndex(({ unit }) => unit === 'M');
  let hasDigits = false;
  while (part.lastIndex < text.length) {
    const [, digits, unit = ''] = part.exec(text) ?? [];
    if (digits === undefined) return null;
    if (digits !== '') hasDigits = true;
    const index = UNITS.findIndex((known) => known.unit === unit);
    if (index >= 0) {
      if (index <= last || (unit === 'ms' && resolution === 'seconds')) return null;
      last = index;
    } else if (unit === ' ') {
      if (last >= SECONDS) return null;
      last = UNITS.length; // nothing with a unit may follow a number that a space ends
    }
    total += Number(digits) * (UNITS[index]?.ms ?? 1000);
  }
  return hasDigits && total <= Number.MAX_SAFE_INTEGER ? total : null;
}

/** Reads what ngx_atoi takes: digits and nothing else. */
export function parseNumber(text: string): number | null {
  if (!/^\d{1,18}$/.test(text)) return null;
  const number = Number(text);
  return number <= Number.MAX_SAFE_INTEGER ? number : null;
}

/** Reads `on` and `off`, in any case. */
export function parseFlag(text: string): boolean | null {
  const lower = text.toLowerCase();
  return lower === 'on' ? true : lower === 'off' ? false : null;
}
