import { endpoint } from '../../base/endpoint.ts';
import { formatDuration, plural } from '../../base/units.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, wrap } from '../../output/text-layout.ts';
import type { AgeTest, MeasureData, MeasuredDirection } from './report.ts';

export const view: View<MeasureData> = { body: (page, report) => body(page, report.data) };

/** The answer, how it was come by, the ladder as a picture, and the products that it fits. */
function body(page: Page, data: MeasureData): string[][] {
  const { farEndFirst } = data;
  const sides = farEndFirst === null ? [data] : [data, farEndFirst];
  const same = farEndFirst !== null && idsOf(data) === idsOf(farEndFirst);
  return [
    summary(page, data),
    ...sides.map((side) => [
      ...(farEndFirst === null ? [] : [page.paint.dim(side === data ? 'this side first' : 'far end first')]),
      ...picture(page, side.tests),
    ]),
    ...(same ? [data] : sides).flatMap((side) => candidates(page, side)),
  ];
}

const idsOf = ({ matches }: MeasuredDirection): string => matches.map(({ id }) => id).join(' ');

function summary(page: Page, data: MeasureData): string[] {
  const { target, address, port, direction, elapsedMs, warmup, dropper, farEndFirst } = data;
  const both = farEndFirst !== null;
  const ages = [...data.tests, ...(farEndFirst?.tests ?? [])].map(({ ageMs }) => ageMs);
  const connections = data.connections + (farEndFirst?.connections ?? 0);
  return [
    page.paint.strong(target),
    ...fields(page, [
      ...sideRows(data, both ? 'this side first' : 'idle timeout'),
      ...(both ? sideRows(farEndFirst, 'far end first') : []),
      ...row(direction === 'server', 'spoke first', 'the far end, kaprobe serve, after each silence'),
      ...row(
        ages.length > 0,
        'measured',
        `${plural(ages.length, 'silence')} from ${formatDuration(Math.min(...ages))} to ${formatDuration(Math.max(...ages))}, ` +
          `with ${plural(connections, 'connection')} at once, in ${formatDuration(elapsedMs)}`,
      ),
      ...row(address !== null, 'to', address === null ? '' : endpoint(address, port)),
      ...row(direction === 'client', 'first request', warmup ?? 'none: no byte of payload was sent'),
      ...row(dropper !== null, 'dropped', dropper?.doubt ?? ''),
    ]),
  ];
}

function row(isShown: boolean, label: string, text: string): [string, string][] {
  return isShown ? [[label, text]] : [];
}

/** What came out for connections on which one side spoke first. */
function sideRows(side: MeasuredDirection, label: string): [string, string][] {
  const { endedBy, keepaliveRefreshes, falseDeathProbability, doubts } = side;
  return [
    [label, answer(side)],
    ...row(endedBy === 'path', 'keepalive', describeRefresh(keepaliveRefreshes)),
    ...row(
      falseDeathProbability !== null && endedBy === 'path',
      'certainty',
      `${falseDeathProbability?.toExponential(0)} is the chance that a living connection was called dead`,
    ),
    ...doubts.map((doubt, index): [string, string] => [index === 0 ? 'doubts' : '', doubt]),
  ];
}

function answer({ idleTimeout: { lowerMs, upperMs, outcome }, endedBy, tests }: MeasuredDirection): string {
  if (lowerMs === null || outcome === 'unmeasured') return 'not measured';
  if (upperMs === null) {
    const tested = tests.filter((test) => test.outcome !== 'unmeasured');
    const diedCount = tested.filter((test) => test.outcome !== 'alive').length;
    const others =
      diedCount === 0 ? 'every connection lived' : `all but ${diedCount} of ${tested.length} connections lived`;
    return `none up to ${formatDuration(lowerMs)}: ${others}`;
  }
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
function picture(page: Page, tests: readonly AgeTest[]): string[] {
  const tested = tests.filter(({ outcome }) => outcome !== 'unmeasured');
  const ages = tested.map(({ ageMs }) => Math.max(1, ageMs));
  if (ages.length === 0) return [];
  const [first, last] = [Math.min(...ages), Math.max(...ages)];
  const columns = Math.min(page.width, 100) - 10;
  const range = Math.log(last / first);
  const columnOf = (ms: number): number =>
    range === 0 ? 0 : Math.round((Math.log(Math.max(1, ms) / first) / range) * (columns - 1));
  const line = (label: string, chosen: readonly AgeTest[], sign: string): string => {
    const taken = new Set(chosen.map(({ ageMs }) => columnOf(ageMs)));
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

/** A line for each product, what changes its timeout below it, and what tells them apart. */
function candidates(page: Page, { matches, tellApart }: MeasuredDirection): string[][] {
  if (matches.length === 0) return [];
  const then = { 'silent-drop': 'drops', rst: 'resets', fin: 'closes', unknown: page.glyph.unknown };
  const idColumn = Math.max(...matches.map(({ id }) => id.length)) + 2;
  const lines = matches.flatMap(({ id, kind, idleTimeoutMs, expiry, agrees, keepaliveRefreshes, configurableWith }) => {
    const facts = [
      formatDuration(idleTimeoutMs),
      kind,
      `${then[expiry]}${agrees === false ? ', unlike here' : ''}`,
      ...(keepaliveRefreshes === null ? [] : [`${keepaliveRefreshes ? '' : 'not '}refreshed by keepalive`]),
    ];
    const [first = '', ...rest] = wrap(facts.join(page.glyph.separator), page.width - 2 - idColumn);
    const pad = ' '.repeat(2 + idColumn);
    return [
      `  ${id.padEnd(idColumn)}${first}`,
      ...rest.map((line) => pad + line),
      ...(configurableWith === null
        ? []
        : wrap(`set with: ${configurableWith}`, page.width - 4).map((line) => page.paint.dim(`    ${line}`))),
    ];
  });
  return [
    ['Products whose default lies there:', ...lines],
    tellApart.length === 0
      ? []
      : [
          'What tells them apart:',
          ...tellApart.flatMap((text) => wrap(text, page.width - 4, 2).map((line) => `  ${line}`)),
        ],
  ];
}
