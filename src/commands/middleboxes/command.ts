import { quoted } from '../../base/quoted.ts';
import { searchPresets } from '../../knowledge/find-middlebox.ts';
import type { MiddleboxPreset } from '../../knowledge/preset.ts';
import type { Outcome } from '../../report/report.ts';
import { defineRoom } from '../room.ts';
import type { MiddleboxesData } from './report.ts';

const EXAMPLES = `
Examples:
  kaprobe middleboxes
  kaprobe middleboxes aws nat
  kaprobe middleboxes srx --format json`;

/**
 * Lists the presets, or those that match the words given, by vendor and then by idle timeout. A search without a match is a gap: the
 * question was asked and nothing is known.
 */
export const room = defineRoom({
  view: async () => (await import('./text.ts')).view,
  declare: (command) =>
    command
      .description(
        'Lists after how long firewalls, NATs, load balancers and proxies forget an idle connection, and how that is known.',
      )
      .argument('[words...]', 'show only presets with all of these words in their id, name, vendor or kind')
      .addHelpText('after', EXAMPLES),

  run: async (operands) => findMiddleboxes(operands),
});

/** The presets that match all of the words, or all presets without any. */
export function findMiddleboxes(texts: readonly string[]): Outcome<MiddleboxesData> {
  const words = texts.flatMap((text) => text.split(/\s+/)).filter((word) => word !== '');
  const search = words.length === 0 ? null : words.join(' ');
  const presets = searchPresets(words).sort(byVendorAndTimeout);
  const gaps =
    search !== null && presets.length === 0
      ? [{ subject: 'middleboxes', what: 'search', reason: `no preset matches ${quoted(search)}` }]
      : [];
  return { data: { search, presets }, findings: [], gaps };
}

/** Vendors in any case; a preset without an idle timeout after those with one. */
function byVendorAndTimeout(a: MiddleboxPreset, b: MiddleboxPreset): number {
  return (
    compare(a.vendor.toLowerCase(), b.vendor.toLowerCase()) ||
    compare(a.idleTimeoutMs ?? Number.POSITIVE_INFINITY, b.idleTimeoutMs ?? Number.POSITIVE_INFINITY) ||
    compare(a.id, b.id)
  );
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
