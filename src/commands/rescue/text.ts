import { formatDuration, plural } from '../../base/units.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, wrap } from '../../output/text-layout.ts';
import type { Keepalive } from '../../report/values.ts';
import type { RescueData, RescuedSocket, RescueFollowUp } from './report.ts';

/** Sockets shown one by one; the JSON form has all. */
const MOST_SHOWN = 20;

export const view: View<RescueData> = {
  body: (page, report) => body(page, report.data),
};

/** Whether anything was changed, each socket with what was or would be done to it, and how to undo it. */
function body(page: Page, data: RescueData): string[][] {
  const { sockets, confirmed } = data;
  if (sockets.length === 0) return [['No socket matches the selection.']];
  const more = sockets.length - MOST_SHOWN;
  const isLeftAlone = ({ result }: RescuedSocket): boolean => result.kind === 'refused';
  const doneFirst = [...sockets].sort((a, b) => Number(isLeftAlone(a)) - Number(isLeftAlone(b)));
  return [
    summary(page, data),
    ...doneFirst.slice(0, MOST_SHOWN).map((socket) => block(page, data, socket)),
    more > 0 ? [page.paint.dim(`and ${more} more, all of them in --format json`)] : [],
    confirmed ? undoLines(page, sockets) : [],
  ];
}

function summary(page: Page, { confirmed, sockets, action, pid }: RescueData): string[] {
  const count = (...kinds: RescuedSocket['result']['kind'][]): number =>
    sockets.filter(({ result }) => kinds.includes(result.kind)).length;
  const changed = count('changed', 'shut-down');
  const where = pid === null ? '' : ` in the network namespace of process ${pid}`;
  const parts = [
    confirmed ? `${plural(changed, 'socket')} ${action.kind === 'shutdown' ? 'shut down' : 'changed'}` : '',
    count('unchanged') > 0 ? `${count('unchanged')} had these settings already` : '',
    count('refused') > 0 ? `${count('refused')} ${confirmed ? 'left alone' : 'would be left alone'}` : '',
  ].filter((part) => part !== '');
  const planned = count('planned');
  const toDo =
    planned === 0
      ? ''
      : `: add --yes to ${action.kind === 'shutdown' ? 'shut down' : 'change'} ${plural(planned, 'socket')}`;
  const head = confirmed ? parts.join(', ') : ['nothing was changed', ...parts].join(', ') + toDo;
  return wrap(head.charAt(0).toUpperCase() + head.slice(1) + where, page.width).map(page.paint.strong);
}

function block(page: Page, { action, confirmed }: RescueData, socket: RescuedSocket): string[] {
  const { local, remote, state, silenceMs, unacked, before, planned, result, givenUpAfterMs, followUp } = socket;
  const silence = silenceMs === null ? '' : `, silent for ${formatDuration(silenceMs)}`;
  const waiting = (unacked ?? 0) > 0 ? `, ${plural(unacked ?? 0, 'segment')} not acknowledged` : '';
  const rows: [string, string][] = [['connection', `${local} to ${remote}, ${state}${silence}${waiting}`]];
  if (before !== null) rows.push([confirmed ? 'before' : 'now', describe(before)]);
  switch (result.kind) {
    case 'refused':
      rows.push(['left alone', result.reason]);
      break;
    case 'unchanged':
      rows.push(['as it is', 'has these settings already']);
      break;
    case 'planned':
      rows.push(['would be', planned === null ? 'shut down in both directions' : describe(planned)]);
      break;
    case 'changed':
      rows.push(['is now', `${describe(result.after)} (read back from the socket)`]);
      for (const { option, errno } of result.refused) rows.push(['refused', `${option}: ${errno}`]);
      break;
    case 'shut-down':
      rows.push(['is now', `shut down in both directions, ${result.state}`]);
      break;
    default:
      return result satisfies never;
  }
  if (result.kind !== 'refused') rows.push(...consequence(socket, action.kind, givenUpAfterMs));
  if (followUp !== null) rows.push(['then', describeFollowUp(followUp)]);
  return [...wrap(holders(socket), page.width).map(page.paint.strong), ...fields(page, rows)];
}

function holders({ owners }: RescuedSocket): string {
  const SHOWN = 3;
  if (owners.length === 0) return 'held by nobody that was found';
  const texts = owners
    .slice(0, SHOWN)
    .map(
      ({ pid, command, fd, blockedIn }) =>
        `${command ?? 'process'} ${pid}, descriptor ${fd}${blockedIn === null ? '' : `, waiting in ${blockedIn}`}`,
    );
  const more = owners.length - texts.length;
  return texts.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

/** What the process will see of it. */
function consequence(
  { owners, unacked, result, planned }: RescuedSocket,
  kind: RescueData['action']['kind'],
  givenUpAfterMs: number | null,
): [string, string][] {
  const call = owners.find(({ blockedIn }) => blockedIn !== null)?.blockedIn ?? 'its next read or write';
  if (kind === 'shutdown')
    return result.kind === 'planned' ? [['so that', `${call} gets the end of the stream at once`]] : [];
  if (planned?.enabled !== true) return [];
  if ((unacked ?? 0) > 0) {
    return [
      ['but', 'while data is not acknowledged no keepalive probe is sent: --user-timeout or --shutdown ends that wait'],
    ];
  }
  return givenUpAfterMs === null
    ? []
    : [['so that', `without any answer ${call} fails with ETIMEDOUT ${formatDuration(givenUpAfterMs)} from now`]];
}

function describe({ enabled, idleMs, intervalMs, count, userTimeoutMs }: Keepalive): string {
  const times = `idle ${formatDuration(idleMs)}, interval ${formatDuration(intervalMs)}, ${plural(count, 'probe')}`;
  const userTimeout = userTimeoutMs === 0 ? '' : `, user timeout ${formatDuration(userTimeoutMs)}`;
  return enabled ? `keepalive on: ${times}${userTimeout}` : `keepalive off (${times}${userTimeout})`;
}

function describeFollowUp(followUp: RescueFollowUp): string {
  const after = formatDuration(followUp.afterMs);
  switch (followUp.kind) {
    case 'answered':
      return `the far end answered after ${after}: the connection is alive, and is looked after from now on`;
    case 'ended':
      return `the connection ended within ${after}`;
    case 'waiting': {
      const { unansweredProbes, nextProbeMs } = followUp;
      const probes = (unansweredProbes ?? 0) === 0 ? '' : `, ${plural(unansweredProbes ?? 0, 'probe')} unanswered`;
      const next = nextProbeMs === null ? '' : `, the next in ${formatDuration(nextProbeMs)}`;
      return `neither answered nor ended within ${after}${probes}${next}`;
    }
    default:
      return followUp satisfies never;
  }
}

function undoLines(page: Page, sockets: readonly RescuedSocket[]): string[] {
  const lines = sockets.flatMap(({ undo }) => (undo === null ? [] : [undo]));
  return lines.length === 0 ? [] : [page.paint.dim('# to undo:'), ...lines];
}
