import { formatDuration, plural } from '../../base/units.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, table, wrap } from '../../output/text-layout.ts';
import type { CloseRate, TimeWaitData, TimeWaitFlow, TimeWaitService } from './report.ts';

export const view: View<TimeWaitData> = {
  body: (page, report) => body(page, report.data),
};

/** What there is in all, the flows, how each is known to be what it is, and the services over all clients. */
function body(page: Page, data: TimeWaitData): string[][] {
  return [
    fields(page, summary(data)),
    flowTable(page, data),
    ...flowNotes(page, data),
    data.services.length === 0 ? [] : serviceTable(page, data.services),
    data.ownersHidden === null ? [] : wrap(`Some owners are not known: ${data.ownersHidden.reason}.`, page.width),
  ];
}

function summary(data: TimeWaitData): [label: string, text: string][] {
  const { pid, filters, states, table: tableOf, closes, settings, thresholds, watch } = data;
  const { count, limit, overflows } = tableOf;
  return [
    ...(pid === null ? [] : [['namespace of', `process ${pid}`] satisfies [string, string]]),
    ...(data.source === 'sock-diag'
      ? []
      : [['listed by', '/proc/net/tcp: no sock_diag here'] satisfies [string, string]]),
    ...(filters.length === 0 ? [] : [['only', filters.join(' ')] satisfies [string, string]]),
    ['sockets', states.length === 0 ? 'none' : states.map(({ state, count: each }) => `${each} ${state}`).join(', ')],
    ['closed here', describeRate(closes)],
    [
      'table',
      `${count} of ${limit ?? 'an unknown number'} entries (tcp_max_tw_buckets)` +
        (overflows === null || overflows === 0 ? '' : `; ${overflows} closed without one because it was full`),
    ],
    ['ports', describePorts(settings)],
    ...(watch === null
      ? []
      : [
          ['watched', `for ${formatDuration(watch.durationMs)}, ${plural(watch.samples, 'sample')}`] satisfies [
            string,
            string,
          ],
        ]),
    [
      'judged',
      `not reused: from ${thresholds.minConnections} closed here and ${thresholds.minPerSecond} a second, living ${formatDuration(thresholds.maxMeanLifeMs)} at most on average`,
    ],
  ];
}

function describeRate({ closed, windowMs, perSecond, recentPerSecond, trend, isLowerBound }: CloseRate): string {
  if (closed === 0) return `no connection within ${formatDuration(windowMs)}`;
  const least = isLowerBound ? 'at least ' : '';
  return (
    `${least}${plural(closed, 'connection')} within ${formatDuration(windowMs)}, ${perSecond} a second ` +
    `(${recentPerSecond} a second in the last ${formatDuration(windowMs / 6)})${trend === null ? '' : `; ${TRENDS[trend]}`}`
  );
}

/** Of the two halves of the time that is looked at. */
const TRENDS = { rising: 'more in the later half', falling: 'fewer in the later half', steady: 'steady' } as const;

function describePorts({ portRange, twReuse }: TimeWaitData['settings']): string {
  const range = portRange === null ? 'range unknown' : `${portRange[0]} to ${portRange[1]} for each destination`;
  const reuse =
    twReuse === null
      ? ''
      : [
          ', blocked by TIME_WAIT for 60 s',
          ', reused from TIME_WAIT where both ends use timestamps',
          ', reused from TIME_WAIT on loopback only',
        ][twReuse];
  return range + (reuse ?? '');
}

/** The names may be long: the service takes what is left. */
const FLEXIBLE_COLUMN = 0;

function flowTable(page: Page, { flows, otherFlows, watch }: TimeWaitData): string[] {
  if (flows.length === 0) return ['No connection in any state.'];
  const isWatched = watch !== null;
  const rows = flows.map((flow) => [
    `${flow.client} to ${flow.service}`,
    flow.side,
    String(flow.timeWait),
    String(flow.established),
    `${flow.closes.isLowerBound ? '>= ' : ''}${flow.closes.perSecond}`,
    flow.ports === null ? '-' : String(flow.ports.left),
    ...(flow.watch === null ? [] : [String(flow.watch.opened), `${flow.watch.keptUsed ?? '?'} of ${flow.watch.kept}`]),
  ]);
  const head = ['connections', 'here', 'TIME_WAIT', 'open', 'closed/s', 'ports left'];
  const lines = table(page, isWatched ? [...head, 'new', 'reused'] : head, rows, FLEXIBLE_COLUMN);
  return otherFlows.count === 0 ? lines : [...lines, page.paint.dim(others(otherFlows))];
}

function others({ count, timeWait, established, mostTimeWait }: TimeWaitData['otherFlows']): string {
  return `and ${count} more, not judged: ${timeWait} in TIME_WAIT (${mostTimeWait} at most each), ${established} established`;
}

/** What the table has no room for: of the flows with much in TIME_WAIT, or else of the first. */
function flowNotes(page: Page, { flows, thresholds }: TimeWaitData): string[][] {
  const waiting = flows.filter(({ timeWait }) => timeWait > 0);
  const many = waiting.filter(({ timeWait }) => timeWait >= thresholds.minConnections);
  return (many.length > 0 ? many.slice(0, 5) : waiting.slice(0, 1)).map((flow) => [
    ...wrap(`${flow.client} to ${flow.service}`, page.width),
    ...fields(page, [
      ['this host', `is the ${flow.side}, known ${SIDE_KNOWN_BY[flow.sideKnownBy]}, and closed first`],
      ['closed here', describeRate(flow.closes)],
      ['held by', describeOwners(flow)],
      ...(flow.meanLifeAtMostMs === null || flow.established === 0
        ? []
        : [
            [
              'one lives',
              `${formatDuration(flow.meanLifeAtMostMs)} on average at most: ${flow.established} established, ${flow.closes.perSecond} closed a second`,
            ] satisfies [string, string],
          ]),
      ...(flow.ports === null ? [] : [['ports', describePortsLeft(flow.ports)] satisfies [string, string]]),
    ]),
  ]);
}

const SIDE_KNOWN_BY = {
  listener: 'by the listener on that port',
  repetition: 'by that port, which comes again',
  'port-range': 'by the range of outgoing ports',
  assumed: 'by nothing: assumed',
} as const satisfies Record<TimeWaitFlow['sideKnownBy'], string>;

function describeOwners({ owners, ownersKnownBy, side }: TimeWaitFlow): string {
  if (owners.length === 0) {
    return side === 'server'
      ? 'not known: TIME_WAIT has no owner, and no listener to be seen'
      : 'not known: TIME_WAIT has no owner, and none is established';
  }
  const names = owners.map(({ pid, command }) => `${command ?? 'a process'} (pid ${pid})`).join(', ');
  return `${names}, ${ownersKnownBy === 'listener' ? 'which listens there' : 'by those still open'}`;
}

function describePortsLeft({
  usable,
  busy,
  waiting,
  left,
  blockedForMs,
  runsOutInMs,
}: NonNullable<TimeWaitFlow['ports']>): string {
  const when = runsOutInMs === null ? 'will last at this rate' : `gone in ${formatDuration(runsOutInMs)} at this rate`;
  return `${left} of ${usable} left (${busy} in use, ${waiting} blocked, each for ${formatDuration(blockedForMs)}): ${when}`;
}

function serviceTable(page: Page, services: readonly TimeWaitService[]): string[] {
  return table(
    page,
    ['service of this host', 'clients', 'TIME_WAIT', 'open', 'closed/s'],
    services.map(({ service, clients, timeWait, established, perSecond }) => [
      service,
      ...[clients, timeWait, established, perSecond].map(String),
    ]),
    FLEXIBLE_COLUMN,
  );
}
