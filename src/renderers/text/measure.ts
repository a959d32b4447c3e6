import type { MeasureData, MeasuredRung } from '../../report/measure.ts';
import { formatDuration, plural } from '../../units.ts';
import { fields, type Page, table, wrap } from './layout.ts';

/** The answer, how it was come by, the ladder as a picture, and the products that it fits. */
export function viewMeasure(page: Page, data: MeasureData): string[][] {
  return [summary(page, data), picture(page, data.rungs), ...candidates(page, data)];
}

function summary(page: Page, data: MeasureData): string[] {
  const { target, address, port, connections, wanted, elapsedMs, rungs, warmup, keepaliveRefreshes, doubts } = data;
  const { dropper, falseDeathProbability } = data;
  return [
    page.paint.strong(target),
    ...fields(page, [
      ['idle timeout', answer(data)],
      ...(data.endedBy === 'path'
        ? [['keepalive', describeRefresh(keepaliveRefreshes)] satisfies [string, string]]
        : []),
      ...(rungs.length === 0
        ? []
        : [
            [
              'measured',
              `${plural(rungs.length, 'silence')} from ${formatDuration(wanted.minMs)} to ${formatDuration(Math.max(wanted.minMs, ...rungs.map(({ idleMs }) => idleMs)))}, ` +
                `with ${plural(connections, 'connection')} at once, in ${formatDuration(elapsedMs)}`,
            ] satisfies [string, string],
          ]),
      ...(address === null
        ? []
        : [['to', address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`] satisfies [string, string]]),
      ['first request', warmup ?? 'none: no byte of payload was sent'],
      ...(falseDeathProbability === null || data.endedBy !== 'path'
        ? []
        : [
            [
              'certainty',
              `${falseDeathProbability.toExponential(0)} is the chance that a living connection was called dead`,
            ] satisfies [string, string],
          ]),
      ...doubts.map((doubt, index) => [index === 0 ? 'doubts' : '', doubt] satisfies [string, string]),
      ...(dropper === null ? [] : [['dropped', dropper.doubt] satisfies [string, string]]),
    ]),
  ];
}

function answer({ idleTimeout: { lowerMs, upperMs, outcome }, endedBy }: MeasureData): string {
  if (lowerMs === null || outcome === 'unmeasured') return 'not measured';
  if (upperMs === null) return `none up to ${formatDuration(lowerMs)}: every connection lived`;
  if (endedBy === 'peer')
    return `the peer ${outcome === 'reset' ? 'resets' : 'closes'} idle connections after ${exact(upperMs)}; the path holds at least that long`;
  const how = { stalled: 'dropped in silence', reset: 'reset (RST)', closed: 'closed (FIN)' };
  const what = outcome === 'stalled' || outcome === 'reset' || outcome === 'closed' ? how[outcome] : outcome;
  return `more than ${exact(lowerMs)}, at most ${exact(upperMs)}; then ${what}`;
}

/** With a tenth of a second where that is not more than was measured. */
function exact(ms: number): string {
  return ms < 59_950 ? formatDuration(ms) : `${formatDuration(ms)} (${(ms / 1000).toFixed(1)} s)`;
}

function describeRefresh(refreshes: boolean | null): string {
  if (refreshes === null) return 'whether it refreshes the path is not known';
  return refreshes
    ? 'refreshes the path: a connection with keepalive outlived the timeout'
    : 'does not refresh the path: a connection with keepalive died as well';
}

/** Ages from left to right, each test a sign: those that lived in one line, those that died in the next. */
function picture(page: Page, rungs: readonly MeasuredRung[]): string[] {
  const tested = rungs.filter(({ outcome }) => outcome !== 'unmeasured');
  const ages = tested.map(({ idleMs }) => Math.max(1, idleMs));
  if (ages.length === 0) return [];
  const [first, last] = [Math.min(...ages), Math.max(...ages)];
  const columns = Math.min(page.width, 100) - 10;
  const range = Math.log(last / first);
  const columnOf = (ms: number): number =>
    range === 0 ? 0 : Math.round((Math.log(Math.max(1, ms) / first) / range) * (columns - 1));
  const line = (label: string, chosen: readonly MeasuredRung[], sign: string): string => {
    const taken = new Set(chosen.map(({ idleMs }) => columnOf(idleMs)));
    const signs = Array.from({ length: columns }, (_, column) => (taken.has(column) ? sign : ' ')).join('');
    return taken.size === 0 ? page.paint.dim(label) : `${page.paint.dim(label.padEnd(10))}${signs.trimEnd()}`;
  };
  const alive = tested.filter(({ outcome }) => outcome === 'alive');
  const dead = tested.filter(({ outcome }) => outcome !== 'alive');
  const [from, to] = [formatDuration(first), formatDuration(last)];
  const axis = page.unicode ? '─' : '-';
  return [
    line('lived', alive, page.unicode ? '•' : 'o'),
    line('died', dead, page.unicode ? '✗' : 'x'),
    page.paint.dim(`${''.padEnd(10)}${axis.repeat(columns)}`),
    page.paint.dim(`${'idle for'.padEnd(10)}${from}${to.padStart(Math.max(1, columns - from.length))}`),
  ];
}

function candidates(page: Page, { matches }: MeasureData): string[][] {
  if (matches.length === 0) return [];
  const says = { 'silent-drop': 'drops', rst: 'resets', fin: 'closes', unknown: 'not known' };
  const rows = matches.map(({ id, idleTimeoutMs, expiry, agrees, configurableWith }) => [
    id,
    formatDuration(idleTimeoutMs),
    agrees === false ? `${says[expiry]}, unlike here` : says[expiry],
    configurableWith ?? '-',
  ]);
  return [
    wrap('Products whose default lies there, by what they do then and what changes it:', page.width),
    table(page, ['id', 'idle timeout', 'then', 'set with'], rows, 3),
  ];
}
