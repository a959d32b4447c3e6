import { formatDuration } from '../../../base/units.ts';
import { strictestMiddlebox } from '../../../keepalive/keepalive.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';
import type { LiveSocket } from '../../../sockets/live-socket.ts';
import { connections, evidenceOf } from '../../../sockets/live-socket-group.ts';

const READS = new Set(['read', 'readv', 'recvfrom', 'recvmsg', 'recvmmsg']);

export const rule: Rule<Facts> = {
  id: 'blocked-read-without-timeout',
  title:
    'A thread waits in a read that neither keepalive nor a timeout will ever end when the far end is gone (SO_RCVTIMEO, socket(7))',
  explain: '',
  judge: ({ liveSockets, middleboxes }) => {
    const blocked = (liveSockets ?? []).filter(
      ({ risk, keepalive, receiveTimeoutMs, owners }) =>
        risk !== null &&
        keepalive.source !== 'unmeasured' &&
        !keepalive.enabled &&
        receiveTimeoutMs === 0 &&
        owners.some(({ blockedIn }) => isRead(blockedIn)),
    );
    const [first] = blocked;
    if (first === undefined) return [];
    return [
      {
        severity: strictestMiddlebox(middleboxes) === null ? 'warning' : 'error',
        message:
          blocked.length === 1
            ? `${describe(first)}; with neither keepalive nor SO_RCVTIMEO nothing wakes it when the far end is gone`
            : `${connections(blocked)} on which a thread waits in a read with neither keepalive nor SO_RCVTIMEO: nothing wakes it when the far end is gone`,
        evidence: { ...evidenceOf(blocked), receiveTimeout: 'none' },
        remedy: ['# in the program: a timeout of its own, such as setsockopt(SO_RCVTIMEO), and SO_KEEPALIVE'],
      },
    ];
  },
};

function isRead(call: string | null): boolean {
  return call !== null && READS.has(call);
}

/** A read that is still waiting began after the last data came: it has waited that long at most. */
function describe({ owners, remote, lastReceivedMs }: LiveSocket): string {
  const reader = owners.find(({ blockedIn }) => isRead(blockedIn));
  const since = lastReceivedMs === null ? '' : `, from where nothing has come for ${formatDuration(lastReceivedMs)}`;
  return `${reader?.command ?? 'process'} ${reader?.pid ?? ''} waits in ${reader?.blockedIn ?? 'a read'} on descriptor ${reader?.fd ?? ''} to ${remote}${since}`;
}
