import { formatDuration, plural } from '../../base/units.ts';
import { namedTimeout } from '../../keepalive/wording.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, table } from '../../output/text-layout.ts';
import type { RunConnection, RunData } from './report.ts';

/** Rows of the table; the JSON form has all. */
const MOST_ROWS = 40;
/** An address must not be cut: keepalive has words. */
const KEEPALIVE_COLUMN = 3;

export const view: View<RunData> = {
  body: (page, report) => body(page, report.data),
};

/** How the command ended, how closely it was watched, and its connections, those alike in one row. */
function body(page: Page, data: RunData): string[][] {
  return [summary(page, data), ...connectionTable(page, data.connections)];
}

function summary(page: Page, data: RunData): string[] {
  const { command, exitCode, signal, sampling, processCount, leftRunning, connections, unlisted, middleboxes } = data;
  const { looks, meanGapMs, longestGapMs, cpuMs } = sampling;
  const outgoing = connections.filter(({ direction }) => direction === 'outgoing');
  const attempts = outgoing.filter(({ state }) => state === 'syn-sent').length;
  return [
    page.paint.strong(shorten(command.join(' '), page.width)),
    ...fields(page, [
      ['ended', signal === null ? `with exit code ${exitCode}` : `by ${signal}`],
      [
        'watched',
        `${processCount} ${processCount === 1 ? 'process' : 'processes'}, ${plural(looks, 'look')}` +
          (meanGapMs === null || longestGapMs === null
            ? ''
            : `, ${formatDuration(meanGapMs)} apart and ${formatDuration(longestGapMs)} at most`) +
          `, for ${formatDuration(cpuMs)} of processor time`,
      ],
      [
        'connections',
        `${outgoing.length - attempts} outgoing, ${connections.length - outgoing.length} incoming` +
          (attempts === 0 ? '' : `, ${plural(attempts, 'attempt')} that came to nothing`) +
          (unlisted === 0 ? '' : `, and ${unlisted} more that there was no room for`),
      ],
      ['not seen', describeUnseen(data)],
      ...(leftRunning === 0 ? [] : [['still running', `${leftRunning} of these processes`] satisfies [string, string]]),
      [
        'judged against',
        middleboxes.length === 0
          ? 'no middlebox: give --middlebox or --middlebox-timeout'
          : middleboxes.map(namedTimeout).join('; '),
      ],
    ]),
  ];
}

function describeUnseen({ unseen }: RunData): string {
  if (unseen.kind === 'unmeasured') return `how many were too short is not known: ${unseen.reason}`;
  const { outgoing, toSeenRemotes } = unseen;
  if (outgoing === 0) return 'none: no other connection ended on this host meanwhile';
  return (
    `at most ${outgoing}: so many others ended on this host meanwhile, whose they were cannot be told` +
    (toSeenRemotes === 0 ? '' : `; ${toSeenRemotes} went where the command connects to`)
  );
}

function connectionTable(page: Page, connections: readonly RunConnection[]): string[][] {
  if (connections.length === 0) return [['No connection was seen: nothing is proved about keepalive.']];
  const rows = new Map<string, RunConnection[]>();
  for (const connection of connections) {
    const { direction, command, pid, remote } = connection;
    const key = JSON.stringify([
      direction,
      command ?? pid,
      direction === 'incoming' ? '' : remote,
      describe(connection),
    ]);
    rows.set(key, [...(rows.get(key) ?? []), connection]);
  }
  const shown = [...rows.values()].slice(0, MOST_ROWS);
  const lines = table(
    page,
    ['process', 'connection', 'seen for', 'keepalive', 'on after'],
    shown.flatMap((group) => {
      const [first] = group;
      return first === undefined ? [] : [rowOf(first, group)];
    }),
    KEEPALIVE_COLUMN,
  );
  const more = rows.size - shown.length;
  return [more === 0 ? lines : [...lines, page.paint.dim(`and ${more} more rows, all of them in --format json`)]];
}

function rowOf(first: RunConnection, group: readonly RunConnection[]): string[] {
  const { command, pid, direction, remote, local } = first;
  const times = group.length === 1 ? '' : ` x ${group.length}`;
  const longest = Math.max(...group.map(({ firstSeenMs, lastSeenMs }) => lastSeenMs - firstSeenMs));
  return [
    `${command ?? '?'} ${new Set(group.map((connection) => connection.pid)).size === 1 ? pid : ''}`.trim(),
    `${direction === 'outgoing' ? `to ${remote}` : `in at ${local}`}${times}`,
    formatDuration(longest),
    describe(first),
    onAfter(group),
  ];
}

function describe({ keepalive, state }: RunConnection): string {
  const { enabled, idleMs, intervalMs, count, userTimeoutMs } = keepalive;
  const never = state === 'syn-sent' ? ' (never connected)' : '';
  if (!enabled) return `off${never}`;
  const userTimeout = userTimeoutMs === 0 ? '' : `, user timeout ${formatDuration(userTimeoutMs)}`;
  return `${formatDuration(idleMs)} / ${formatDuration(intervalMs)} x ${count}${userTimeout}${never}`;
}

/** The widest of the bounds of a group. */
function onAfter(group: readonly RunConnection[]): string {
  const known = group.flatMap(({ keepaliveOnAfter }) => (keepaliveOnAfter === null ? [] : [keepaliveOnAfter]));
  if (known.length === 0) return '';
  const lowerMs = Math.min(...known.map((bounds) => bounds.lowerMs));
  const upperMs = Math.max(...known.map((bounds) => bounds.upperMs));
  return lowerMs === 0 ? `< ${formatDuration(upperMs)}` : `${formatDuration(lowerMs)} to ${formatDuration(upperMs)}`;
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 3)}...`;
}
