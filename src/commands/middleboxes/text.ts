import { formatDuration } from '../../base/units.ts';
import type { Confidence, MiddleboxPreset } from '../../knowledge/preset.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, table, wrap } from '../../output/text-layout.ts';
import type { MiddleboxesData } from './report.ts';

/** Up to this many matches of a search are shown in full. */
const FEW = 3;

export const view: View<MiddleboxesData> = {
  body: (page, report) => body(page, report.data),
};

/** Blocks of lines: a table of the presets, or all that is known of each when a search found only a few. */
function body(page: Page, { search, presets }: MiddleboxesData): string[][] {
  if (presets.length === 0) return [];
  if (search !== null && presets.length <= FEW) return presets.map((preset) => viewPreset(page, preset));
  const rows = presets.map((preset) => {
    const { refreshes } = preset.keepalive;
    return [
      preset.id,
      describeTimeout(preset),
      BEHAVIOURS[preset.expiry.behaviour],
      refreshes === null ? page.glyph.unknown : refreshes ? 'yes' : 'no',
      preset.confidence === 'recalled' ? 'recalled' : 'read',
    ];
  });
  const EXPIRY_COLUMN = 2;
  const legend =
    'refreshed: does a TCP keepalive probe restart the idle timer. sure: read in a source, or recalled from memory and to be ' +
    'checked. All that is known of one: kaprobe middleboxes ID';
  return [
    table(page, ['id', 'idle timeout', 'at expiry', 'refreshed', 'sure'], rows, EXPIRY_COLUMN),
    wrap(legend, page.width).map(page.paint.dim),
  ];
}

const BEHAVIOURS: Record<MiddleboxPreset['expiry']['behaviour'], string> = {
  'silent-drop': 'silent drop',
  rst: 'RST',
  fin: 'FIN',
  unknown: 'unknown',
};

const CONFIDENCES: Record<Confidence, string> = {
  'verified-by-reading': 'read',
  'read-without-address': 'read, without an address to cite',
  recalled: 'recalled, check before you rely on it',
};

const REFRESH_BASES: Record<MiddleboxPreset['keepalive']['basis'], string> = {
  read: ' (read)',
  'inferred-from-kind': ' (inferred from its kind)',
  unknown: '',
};

function viewPreset(page: Page, preset: MiddleboxPreset): string[] {
  const { id, name, vendor, kind, rangeMs, expiry, configurableWith, source, note, confidence, keepalive } = preset;
  const rows: [string, string][] = [
    ['name', name],
    ['vendor', `${vendor}, ${kind}`],
    ['idle timeout', describeTimeout(preset)],
  ];
  if (rangeMs !== null) rows.push(['range', `from ${formatDuration(rangeMs[0])} to ${formatDuration(rangeMs[1])}`]);
  rows.push(
    ['at expiry', `${BEHAVIOURS[expiry.behaviour]} (${CONFIDENCES[expiry.confidence]})`],
    ['refreshed', describeRefresh(keepalive.refreshes) + REFRESH_BASES[keepalive.basis]],
  );
  if (configurableWith !== null) rows.push(['configurable with', configurableWith]);
  rows.push(['source', source ?? 'none'], ['sure', CONFIDENCES[confidence]], ['note', note]);
  return [page.paint.strong(id), ...fields(page, rows)];
}

function describeTimeout({ idleTimeoutMs, protocol }: MiddleboxPreset): string {
  if (idleTimeoutMs === null) return 'no default';
  return formatDuration(idleTimeoutMs) + (protocol === 'tcp' ? '' : ` (${protocol})`);
}

function describeRefresh(refreshes: boolean | null): string {
  if (refreshes === null) return 'not known whether by keepalive probes';
  return refreshes ? 'by keepalive probes' : 'not by keepalive probes';
}
