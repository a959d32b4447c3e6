import { formatDuration, plural } from '../../base/units.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, wrap } from '../../output/text-layout.ts';
import {
  type LiveKeepalive,
  type LiveSocket,
  SOCKET_RISKS,
  type SocketCount,
  type SocketOwner,
  type SocketRisk,
  type SocketVerification,
} from '../../sockets/live-socket.ts';
import type { SocketsData } from './report.ts';

export const view: View<SocketsData> = {
  body: (page, report) => body(page, report.data),
};

/** Blocks of lines: the sockets in numbers, what they are judged against, the sockets themselves, what may be missing. */
function body(page: Page, data: SocketsData): string[][] {
  const more = data.summary.sockets - data.sockets.length;
  return [
    fields(page, summary(data)),
    data.sockets.flatMap((socket) => describeSocket(page, socket)),
    more > 0 && data.limit !== 0
      ? wrap(
          `and ${more} more: --limit ${data.summary.sockets} shows all${data.limit === null ? ', --format json too' : ''}`,
          page.width,
        ).map(page.paint.dim)
      : [],
    data.doubts.flatMap((doubt) => wrap(`${page.glyph.unknown} ${doubt}`, page.width, 2)).map(page.paint.warning),
  ];
}

function summary(data: SocketsData): [label: string, text: string][] {
  const { summary: numbers, selection, middleboxes, pid } = data;
  const { closed, unknown } = numbers.withoutOwner;
  const judged = SOCKET_RISKS.filter((risk) => numbers.byRisk[risk] > 0);
  const rows: [string, string][] = [
    ...(pid === null ? [] : [['network namespace of', `process ${pid}`] satisfies [string, string]]),
    ['sockets', `${numbers.sockets}${selection.length === 0 ? '' : ` with ${selection.join(' ')}`}`],
  ];
  if (judged.length > 0) rows.push(['risk', judged.map((risk) => `${numbers.byRisk[risk]} ${risk}`).join(', ')]);
  if (numbers.local > 0)
    rows.push([
      'within this host',
      `${numbers.local}, which no middlebox stands between${numbers.judgesLocal ? '; judged all the same' : ' (--loopback judges them too)'}`,
    ]);
  const states = Object.entries(numbers.byState).map(([state, count]) => `${count} ${state}`);
  if (states.length > 0) rows.push(['states', states.join(', ')]);
  if (numbers.byCommand.length > 0) rows.push(['by process', numbers.byCommand.map(describeCount).join('; ')]);
  if (numbers.byRemote.length > 0) rows.push(['by remote', numbers.byRemote.map(describeCount).join('; ')]);
  if (closed > 0)
    rows.push(['without process', `${closed} closed by their processes, which the kernel brings to an end`]);
  if (unknown > 0)
    rows.push([
      'owner not found',
      `${unknown}: held by processes that may not be seen, in another pid namespace, or by the kernel`,
    ]);
  rows.push([
    'judged against',
    middleboxes.length === 0
      ? 'no middlebox: ok only says that probes are sent; give --middlebox or --middlebox-timeout'
      : middleboxes
          .map((box) =>
            [
              box.kind === 'timeout' ? 'idle timeout' : box.id,
              `${formatDuration(box.idleTimeoutMs)}${box.keepaliveRefreshes === false ? ' (out of reach of keepalive)' : ''}`,
            ].join(' '),
          )
          .join('; '),
  ]);
  return rows;
}

function describeCount({ name, sockets, atRisk }: SocketCount): string {
  return atRisk === 0 ? `${name} ${sockets}` : `${name} ${sockets}, ${atRisk} at risk`;
}

/** Two lines or more: risk, ends and owners; keepalive and the age of silence below. */
function describeSocket(page: Page, socket: LiveSocket): string[] {
  const COLUMN = 14;
  const head = `${riskMark(page, socket.risk)} ${socket.risk ?? 'not judged'}`;
  const arrow = page.unicode ? '→' : '->';
  const ends = socket.state === 'listen' ? `listens on ${socket.local}` : `${socket.local} ${arrow} ${socket.remote}`;
  const details = [
    ...(socket.state === 'established' || socket.state === 'listen' ? [] : [socket.state]),
    describeKeepalive(socket.keepalive) + (socket.recognised === null ? '' : `, as ${socket.recognised} sets it`),
    ...describeTimes(socket),
    ...(socket.verified === null ? [] : [describeVerification(socket.verified)]),
  ];
  const indented = (text: string): string[] => wrap(text, page.width - COLUMN).map((line) => ' '.repeat(COLUMN) + line);
  const [, ...rest] = [...indented(ends), ...indented(describeOwners(socket))];
  return [
    `${paintRisk(page, socket.risk, head.padEnd(COLUMN))}${page.paint.strong(wrap(ends, page.width - COLUMN)[0] ?? '')}`,
    ...rest,
    ...indented(details.join(page.glyph.separator)).map(page.paint.dim),
  ];
}

function riskMark({ glyph }: Page, risk: SocketRisk | null): string {
  switch (risk) {
    case 'stuck':
    case 'unprotected':
    case 'late':
      return glyph.error;
    case 'dying':
      return glyph.warning;
    case 'ok':
      return glyph.fine;
    case 'unmeasured':
      return glyph.unknown;
    case null:
      return glyph.info;
    default:
      return risk satisfies never;
  }
}

function paintRisk({ paint }: Page, risk: SocketRisk | null, text: string): string {
  if (risk === null) return paint.dim(text);
  if (risk === 'ok') return paint.fine(text);
  return risk === 'dying' || risk === 'unmeasured' ? paint.warning(text) : paint.error(text);
}

function describeOwners({ owners, uid, inode, lastReceivedMs }: LiveSocket): string {
  if (owners.length === 0) return inode === 0 ? 'closed by its process' : `of user ${uid}`;
  return owners
    .map(
      (owner) =>
        describeOwner(owner) + (owner.blockedIn === null ? '' : describeWaiting(owner.blockedIn, lastReceivedMs)),
    )
    .join('; ');
}

function describeOwner({ command, pid, fd }: SocketOwner): string {
  return `${command ?? 'process'} ${pid}, descriptor ${fd}`;
}

/** A read that still waits began after the last data came: that is the most it can have waited. */
function describeWaiting(call: string, lastReceivedMs: number | null): string {
  const reads = /^(read|recv)/.test(call);
  return `, waits in ${call}${reads && lastReceivedMs !== null ? `, nothing received for ${formatDuration(lastReceivedMs)}` : ''}`;
}

function describeKeepalive(keepalive: LiveKeepalive): string {
  switch (keepalive.source) {
    case 'getsockopt':
      return keepalive.enabled
        ? `keepalive ${formatDuration(keepalive.idleMs)}, interval ${formatDuration(keepalive.intervalMs)}, ${plural(keepalive.count, 'probe')}${
            keepalive.userTimeoutMs === 0 ? '' : `, user timeout ${formatDuration(keepalive.userTimeoutMs)}`
          }`
        : 'no keepalive';
    case 'timer':
      return keepalive.enabled
        ? `keepalive on, probes at least ${formatDuration(keepalive.periodAtLeastMs)} apart (from the timer)`
        : 'no keepalive (from the timer)';
    case 'unmeasured':
      return `keepalive not known: ${keepalive.reason}`;
    default:
      return keepalive satisfies never;
  }
}

function describeTimes(socket: LiveSocket): string[] {
  const { nextProbeMs, lastReceivedMs, lastSentMs, unacked, retransmits, unansweredProbes, keepalive } = socket;
  if (socket.state === 'listen') return [];
  const earliest = keepalive.source === 'timer' ? 'not before' : 'in';
  return [
    ...(lastReceivedMs === null ? [] : [`received ${formatDuration(lastReceivedMs)} ago`]),
    ...(lastSentMs === null ? [] : [`sent ${formatDuration(lastSentMs)} ago`]),
    ...(nextProbeMs === null ? [] : [`next probe ${earliest} ${formatDuration(nextProbeMs)}`]),
    ...((unacked ?? 0) > 0 ? [`${plural(unacked ?? 0, 'segment')} unacknowledged`] : []),
    ...((retransmits ?? 0) > 0 ? [plural(retransmits ?? 0, 'retransmission')] : []),
    ...((unansweredProbes ?? 0) > 0 ? [`${plural(unansweredProbes ?? 0, 'probe')} unanswered`] : []),
  ];
}

function describeVerification(verified: SocketVerification): string {
  switch (verified.kind) {
    case 'answered':
      return `verified: the far end ${verified.by === null ? 'was heard of a moment ago' : 'answers'}`;
    case 'unanswered':
      return `verified: ${plural(verified.probes, 'probe')} unanswered within ${formatDuration(verified.afterMs)}`;
    case 'ended':
      return 'verified: it ended at the probe';
    case 'unmeasured':
      return `not verified: ${verified.reason}`;
    default:
      return verified satisfies never;
  }
}
