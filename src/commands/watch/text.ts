import { formatDuration, plural } from '../../base/units.ts';
import type { View } from '../../output/format.ts';
import { printableDeep } from '../../output/printable.ts';
import type { RenderOptions } from '../../output/render-options.ts';
import { fields, openPage, type Page, table, visibleLength } from '../../output/text-layout.ts';
import type { EvidenceValue } from '../../report/finding.ts';
import {
  WATCH_EVENTS,
  type WatchData,
  type WatchEvent,
  type WatchEventKind,
  type WatchedConnection,
  type WatchOwner,
  type WatchView,
} from './report.ts';

export const view: View<WatchData> = {
  body: (page, report) => body(page, report.data),
  // The room emits no others.
  event: (event, options) => renderEventText(event as WatchEvent, options),
  screen: (state, options, height) => renderView(state as WatchView, options, height),
};

/** The summary at the end; the events have been told as they came. */
function body(page: Page, data: WatchData): string[][] {
  return [fields(page, summary(data)), troubledTable(page, data.troubled)];
}

const ENDED_BY = {
  time: 'ended by --for',
  until: 'ended by --until',
  interrupt: 'ended by a signal',
  'nothing-left': 'ended because nothing was left to watch',
} as const satisfies Record<WatchData['endedBy'], string>;

function summary(data: WatchData): [label: string, text: string][] {
  const { mode, source, subject, keepalive, counts, seen, peak, open, samples, sampleEveryMs, cpuShare, thresholds } =
    data;
  const what = WATCH_EVENTS.filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${kind}`);
  return [
    [mode === 'own' ? 'held' : 'observed', source === 'procfs' ? `${subject}, in /proc/net/tcp` : subject],
    [
      'for',
      `${formatDuration(data.watchedMs)}, ${ENDED_BY[data.endedBy]}${data.endedBy === 'until' ? ` ${data.until}` : ''}`,
    ],
    ['connections', `${seen} in all, ${peak} at once at most, ${open} at the end`],
    ...(keepalive === null
      ? []
      : [
          [
            'keepalive',
            `idle ${formatDuration(keepalive.idleMs)}, interval ${formatDuration(keepalive.intervalMs)}, ${plural(keepalive.count, 'probe')}`,
          ] satisfies [string, string],
        ]),
    ['events', what.length === 0 ? 'none' : what.join(', ')],
    [
      'looked',
      `${plural(samples, 'time')}${sampleEveryMs === null ? '' : `, every ${formatDuration(sampleEveryMs)}`}${data.listings === null ? '' : ` (for new ones ${plural(data.listings, 'time')})`}${cpuShare === null ? '' : `, for ${cpuShare < 0.001 ? 'less than 0.1' : (cpuShare * 100).toFixed(1)} % of a core`}`,
    ],
    [
      'told',
      `${source === 'procfs' ? '' : `silence from ${formatDuration(thresholds.quietMs)}; `}a stall from ${thresholds.unansweredUntilStalled} unanswered in a row`,
    ],
  ];
}

/** Numbers have room at any width. */
const FLEXIBLE_COLUMN = 4;

function troubledTable(page: Page, troubled: readonly WatchedConnection[]): string[] {
  if (troubled.length === 0) return [];
  return table(
    page,
    ['not fine at the end', 'to', 'is', 'probes', 'heard'],
    troubled.map((each) => [
      each.local,
      each.remote,
      each.condition,
      `${each.unansweredProbes ?? '?'} of ${each.probeLimit ?? '?'}`,
      each.lastAcknowledgedMs === null ? '-' : `${formatDuration(each.lastAcknowledgedMs)} ago`,
    ]),
    FLEXIBLE_COLUMN,
  );
}

/** What is bad, what is good, and what is neither. */
const TONE: Record<WatchEventKind, 'error' | 'warning' | 'fine' | 'dim'> = {
  found: 'dim',
  established: 'fine',
  quiet: 'dim',
  'probe-unanswered': 'warning',
  retransmitting: 'warning',
  stalled: 'error',
  recovered: 'fine',
  reset: 'error',
  'closed-by-peer': 'warning',
  'closed-here': 'dim',
  'timed-out': 'error',
  failed: 'error',
  gone: 'warning',
  rotated: 'warning',
  'not-connected': 'error',
};

const LONGEST_KIND = Math.max(...WATCH_EVENTS.map((kind) => kind.length));

/** One line for one event, however wide: when, what, which connection, whose, and what it rests on. */
function renderEventText(untrusted: WatchEvent, options: RenderOptions): string {
  const { event, at, connection, owner, evidence } = printableDeep(untrusted);
  const page = openPage(options);
  const parts = [
    page.paint.dim(at.slice(11)),
    page.paint[TONE[event]](event.padEnd(LONGEST_KIND)),
    ...(connection === null ? [] : [`${connection.local} to ${connection.remote}`]),
    ...(owner === null ? [] : [nameOf(owner)]),
    describeEvent(event, evidence),
  ];
  return `${parts.filter((part) => part !== '').join('  ')}\n`;
}

function nameOf({ pid, command }: WatchOwner): string {
  return `${command ?? '?'}[${pid}]`;
}

function describeEvent(event: WatchEventKind, evidence: Record<string, EvidenceValue>): string {
  const ms = (name: string): string | null => {
    const value = evidence[name];
    return typeof value === 'number' ? formatDuration(value) : null;
  };
  const words = (name: string): string => {
    const value = evidence[name] ?? '?';
    return typeof value === 'object' ? value.join(', ') : String(value);
  };
  const probes = `${words('unansweredProbes')} of ${words('probeLimit')}`;
  const heard = ms('lastAcknowledgedMs');
  const heardAgo = heard === null ? '' : `, last heard ${heard} ago`;
  const lived = ms('livedForMs') === null ? '' : `after ${ms('livedForMs')}`;
  const unanswered = ms('unansweredForMs') === null ? '' : `unanswered for ${ms('unansweredForMs')}`;
  const joined = (...texts: string[]): string => texts.filter((text) => text !== '').join(', ');
  switch (event) {
    case 'found':
      return evidence['connections'] === 0
        ? 'no connection yet: waiting'
        : plural(Number(evidence['connections']), 'connection');
    case 'established':
      return '';
    case 'quiet':
      return `for ${ms('quietForMs')}${heardAgo}`;
    case 'probe-unanswered':
      return `${evidence['probe'] === 'window' ? 'window probe ' : ''}${probes}${heardAgo}`;
    case 'retransmitting':
      return `${words('retransmits')} times, ${words('unackedSegments')} unacknowledged${heardAgo}`;
    case 'stalled':
      return evidence['retransmits'] !== 0 && evidence['retransmits'] !== null
        ? `${words('retransmits')} retransmissions unanswered${heardAgo}`
        : `${probes} probes unanswered${heardAgo}`;
    case 'recovered':
      return unanswered;
    case 'reset':
      return joined(
        lived,
        evidence['otherSegmentsSent'] === 0 ? 'a segment came that ended it, none but probes went' : '',
        unanswered,
      );
    case 'closed-by-peer':
    case 'timed-out':
      return joined(lived, unanswered);
    case 'closed-here':
      return '';
    case 'failed':
      return joined(words('error'), lived, unanswered);
    case 'gone':
      return joined(
        'how is not known',
        evidence['stillHeldByItsProcess'] === true ? 'its process still holds it, as after a reset' : '',
        unanswered,
      );
    case 'rotated':
      return evidence['name'] === undefined
        ? `was ${words('before')}`
        : `${words('name')} is now ${words('resolvesTo')}, connected to ${words('connectedTo')}`;
    case 'not-connected':
      return words('error');
    default:
      return event satisfies never;
  }
}

/** What a narrow screen goes without, the least important first: the silence, the process, the probes. */
const DISPENSABLE_COLUMNS = [5, 2, 4];

/** The cells as lines, without the columns for which there is no room. */
function columnsThatFit(cells: readonly (readonly string[])[], width: number): string[] {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(0, ...cells.map((row) => visibleLength(row[column] ?? ''))),
  );
  const linesWithout = (left: readonly number[]): string[] =>
    cells.map((row) =>
      row
        .flatMap((cell, column) => (left.includes(column) ? [] : [cell.padEnd(widths[column] ?? 0)]))
        .join(' ')
        .trimEnd(),
    );
  for (let count = 0; count < DISPENSABLE_COLUMNS.length; count += 1) {
    const lines = linesWithout(DISPENSABLE_COLUMNS.slice(0, count));
    if (lines.every((line) => visibleLength(line) < width)) return lines;
  }
  return linesWithout(DISPENSABLE_COLUMNS);
}

/**
 * How things are now, in at most `height` lines of `options.width` columns: columns for which there is no room are left out, and what is
 * too long even then is cut, since a line that the terminal wraps could
 * not be drawn over.
 */
function renderView(untrusted: WatchView, options: RenderOptions, height: number): string[] {
  const { atMs, subject, connections, troubled, rows } = printableDeep(untrusted);
  const page = openPage(options);
  const cut = (text: string): string => [...text].slice(0, Math.max(0, options.width - 1)).join('');
  const title = cut(
    `watching ${subject} for ${formatDuration(Math.floor(atMs / 1000) * 1000)}: ${plural(connections, 'connection')}, ${troubled} not fine`,
  );
  const shown = rows.slice(0, Math.max(0, height - 2));
  const more = connections - shown.length;
  const cells = shown.map((row) => [
    page.glyph[row.condition === 'fine' ? 'fine' : row.condition === 'stalled' ? 'error' : 'warning'],
    `${row.local} to ${row.remote}`,
    row.owner === null ? '' : nameOf(row.owner),
    row.condition === 'fine' || row.condition === 'ending' ? row.state : row.condition,
    row.unansweredProbes === null || row.unansweredProbes === 0
      ? ''
      : `probe ${row.unansweredProbes} of ${row.probeLimit ?? '?'}`,
    row.quietForMs === null || row.quietForMs < 1000
      ? ''
      : `quiet ${formatDuration(Math.floor(row.quietForMs / 1000) * 1000)}`,
  ]);
  const lines = columnsThatFit(cells, options.width).map(cut);
  const painted = lines.map((line, index) => {
    const condition = shown[index]?.condition;
    return condition === 'stalled'
      ? page.paint.error(line)
      : condition === 'unanswered'
        ? page.paint.warning(line)
        : line;
  });
  return [page.paint.dim(title), ...painted, ...(more > 0 ? [page.paint.dim(cut(`and ${more} more`))] : [])].slice(
    0,
    height,
  );
}
