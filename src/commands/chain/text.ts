import { formatDuration } from '../../base/units.ts';
import { type ChainValue, isKnown, type Limit, type MaybeChainValue } from '../../knowledge/hop.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, table, wrap } from '../../output/text-layout.ts';
import type { Chain, ChainData, ChainHop, ChainVerdict } from './report.ts';
import { saidBy } from './wording.ts';

export const view: View<ChainData> = {
  body: (page, report) => body(page, report.data),
};

/** Each chain drawn from client to origin with a mark at each verdict, what the marks mean, and who sets which value. */
function body(page: Page, { chains, requestsPerSecond, marginMs }: ChainData): string[][] {
  const keysOf = chains.map((chain) => new Set(rowsOf(chain).map((row) => row.join('\n'))));
  const inAll = (row: readonly string[]): boolean => keysOf.every((keys) => keys.has(row.join('\n')));
  const judgedBy = [
    `margin ${formatDuration(marginMs)}`,
    ...(requestsPerSecond === null ? [] : [`${Number(requestsPerSecond.toFixed(2))} requests a second`]),
  ];
  return [
    ...chains.flatMap((chain) => [
      ...viewOne(page, chain),
      chains.length === 1
        ? []
        : valuesTable(
            page,
            rowsOf(chain).filter((row) => !inAll(row)),
          ),
    ]),
    valuesTable(page, chains.slice(0, 1).flatMap(rowsOf).filter(inAll)),
    doubtLines(page, chains),
    wrap(`judged by: ${judgedBy.join(', ')}`, page.width).map(page.paint.dim),
  ];
}

function viewOne(page: Page, chain: Chain): string[][] {
  const title = chain.route === null ? [] : wrap(chain.route, page.width).map(page.paint.strong);
  const across = drawAcross(page, chain);
  if (across === null) return [[...title, ...drawDown(page, chain)]];
  const rows = chain.verdicts.map((verdict, index): [string, string] => [
    `${chain.hops[index]?.name} ${arrow(page)} ${chain.hops[index + 1]?.name}`,
    verdict.why,
  ]);
  const width = Math.max(...rows.map(([label]) => label.length));
  const legend = rows.flatMap(([label, why], index) => {
    const verdict = chain.verdicts[index];
    const [first = '', ...rest] = wrap(why, page.width - width - 6);
    const mark = verdict === undefined ? ' ' : verdictMark(page, verdict);
    return [`  ${mark} ${label.padEnd(width)}  ${first}`, ...rest.map((line) => `${' '.repeat(width + 6)}${line}`)];
  });
  return [[...title, ...across], legend];
}

const arrow = (page: Page): string => (page.unicode ? '→' : '->');

/** The hops in one row, what each does with idle connections below it; null when that does not fit. */
function drawAcross(page: Page, { hops, verdicts }: Chain): string[] | null {
  const notes = hops.map((hop) => describeIdle(hop));
  const SHORTEST_ARROW = 7;
  const widths = hops.map((hop, index) => {
    const below = Math.max(0, ...(notes[index] ?? []).map(({ length }) => length)) + 2;
    return index === hops.length - 1
      ? Math.max(hop.name.length, below - 2)
      : Math.max(hop.name.length + SHORTEST_ARROW + 2, below);
  });
  if (widths.reduce((sum, width) => sum + width, 0) > page.width) return null;
  const line = hops.map((hop, index) => {
    const verdict = verdicts[index];
    const width = widths[index] ?? 0;
    const name = page.paint.strong(hop.name);
    return verdict === undefined ? name : `${name} ${drawArrow(page, verdict, width - hop.name.length - 2)} `;
  });
  const rowCount = Math.max(...notes.map(({ length }) => length));
  const rows = Array.from({ length: rowCount }, (_, row) =>
    notes
      .map((lines, index) => (lines[row] ?? '').padEnd(widths[index] ?? 0))
      .join('')
      .trimEnd(),
  );
  return [line.join('').trimEnd(), ...rows.map(page.paint.dim)];
}

/** `──✓──▶`, as long as asked for. */
function drawArrow(page: Page, verdict: ChainVerdict, length: number): string {
  const [shaft, head] = page.unicode ? ['─', '▶'] : ['-', '>'];
  const left = Math.floor((length - 2) / 2);
  return `${shaft.repeat(left)}${verdictMark(page, verdict)}${shaft.repeat(length - 2 - left)}${head}`;
}

/** One hop below the other, the verdicts between them. */
function drawDown(page: Page, { hops, verdicts }: Chain): string[] {
  const shaft = page.unicode ? '│' : '|';
  return hops.flatMap((hop, index) => {
    const verdict = verdicts[index];
    const edge = verdict === undefined ? ' ' : shaft;
    const idle = describeIdle(hop).map((text) => `${page.paint.dim(edge)} ${page.paint.dim(text)}`);
    const name = wrap(hop.name, page.width).map(page.paint.strong);
    if (verdict === undefined) return [...name, ...idle];
    const [first = '', ...rest] = wrap(verdict.why, page.width - 2);
    return [
      ...name,
      ...idle,
      `${verdictMark(page, verdict)} ${first}`,
      ...rest.map((text) => `${page.paint.dim(shaft)} ${text}`),
      page.paint.dim(page.unicode ? '▼' : 'v'),
    ];
  });
}

function verdictMark(page: Page, { kind }: ChainVerdict): string {
  switch (kind) {
    case 'aligned':
      return page.paint.fine(page.glyph.fine);
    case 'closes-first':
    case 'path-forgets':
      return page.paint.error(page.glyph.error);
    case 'not-reused':
      return page.paint.warning(page.glyph.warning);
    case 'unknown':
      return page.paint.warning(page.glyph.unknown);
    default:
      return kind satisfies never;
  }
}

function describeIdle({ server, client, middlebox }: ChainHop): string[] {
  if (middlebox !== null) return [`forgets after ${formatDuration(middlebox.idleTimeoutMs.value)}`];
  return [
    ...(server === null ? [] : [`closes ${afterLimit(server.reuse, server.idleCloseMs, 'never', 'after ')}`]),
    ...(client === null ? [] : [`pools ${afterLimit(client.reuse, client.poolIdleMs, 'for ever', 'for ')}`]),
  ];
}

function afterLimit(
  reuse: MaybeChainValue<boolean>,
  limit: MaybeChainValue<Limit>,
  never: string,
  before: string,
): string {
  if (isOff(reuse)) return before === 'for ' ? 'nothing' : 'at once';
  if (!isKnown(limit)) return `${before}?`;
  return limit.value === 'never' ? never : `${before}${formatDuration(limit.value)}`;
}

interface ValueRow {
  hop: string;
  what: string;
  value: MaybeChainValue<unknown>;
  text: string;
}

/** What is known of each hop, and who says so. */
function rowsOf({ hops }: Chain): string[][] {
  return hops
    .flatMap(valuesOf)
    .map(({ hop, what, value, text }) => [
      hop,
      what,
      text,
      isKnown(value) ? setBy(value) : `not known: ${value.reason}`,
    ]);
}

function valuesTable(page: Page, rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : table(page, ['hop', 'setting', 'value', 'set by'], rows, 3);
}

function valuesOf({ name, server, client, middlebox, replaced }: ChainHop): ValueRow[] {
  const row = <T>(what: string, value: MaybeChainValue<T> | null, describe: (known: T) => string): ValueRow[] =>
    value === null ? [] : [{ hop: name, what, value, text: isKnown(value) ? describe(value.value) : '?' }];
  const limit = (value: Limit): string => (value === 'never' ? 'no limit' : formatDuration(value));
  const count = (value: Limit): string => (value === 'never' ? 'no limit' : String(value));
  const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no');
  return [
    ...(middlebox === null ? [] : row('forgets after', middlebox.idleTimeoutMs, limit)),
    ...(server === null
      ? []
      : [
          ...(isOff(server.reuse)
            ? row('keeps open', server.reuse, yesOrNo)
            : row('idle close', server.idleCloseMs, limit)),
          ...(replaced === null ? [] : row('configured', replaced.idleCloseMs, limit)),
          ...row('capacity', server.capacity, count),
          ...row('gives up after', server.requestTimeoutMs, limit),
        ]),
    ...(client === null
      ? []
      : [
          ...(isOff(client.reuse)
            ? row('reuses', client.reuse, yesOrNo)
            : [...row('pool idle', client.poolIdleMs, limit), ...row('pool size', client.poolSize, count)]),
          ...row('waits for', client.responseTimeoutMs, limit),
        ]),
  ];
}

function isOff(reuse: MaybeChainValue<boolean>): boolean {
  return isKnown(reuse) && !reuse.value;
}

/** As findings say it; of a default also which one it is, and why it holds. */
function setBy(value: ChainValue<unknown>): string {
  const { source, setting } = value;
  if (source.kind !== 'default') return saidBy(value);
  return `default${setting === null ? '' : ` of ${setting}`}: ${source.detail}`;
}

function doubtLines(page: Page, chains: readonly Chain[]): string[] {
  const doubts = chains.flatMap(({ hops }) =>
    hops.flatMap(({ name, doubts: own }) => own.map((doubt) => `${name}: ${doubt}`)),
  );
  return fields(
    page,
    [...new Set(doubts)].map((doubt, index) => [index === 0 ? 'doubts' : '', doubt]),
    0,
  );
}
