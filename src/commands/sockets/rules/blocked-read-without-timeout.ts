import { formatDuration } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { LiveSocket } from '../../../sockets/live-socket.ts';
import type { SocketsFacts } from '../facts.ts';
import { connections, evidenceOf } from '../socket-group.ts';

const READS = new Set(['read', 'readv', 'recvfrom', 'recvmsg', 'recvmmsg']);

export const rule: Rule<SocketsFacts> = {
  id: 'blocked-read-without-timeout',
  title: 'A thread waits in a read that nothing ends if the peer is gone',
  explain: `**What it means.** A thread waits for data on this connection. If the peer died, or a middlebox forgot the connection, no packet will ever
arrive. The thread then waits until somebody ends the process.

**Why it happens.** A blocking read has no timeout of its own. Keepalive is off unless the program asks for it, and so is SO_RCVTIMEO.

**How kaprobe knows.** /proc names the system call and the descriptor that the thread waits with. SO_KEEPALIVE and SO_RCVTIMEO are read
from the socket. A thread in poll, select or epoll is not seen. Another thread that watches the clock, or a signal, could still end the
wait: kaprobe cannot see that. Without a middlebox this is a warning only.

**What to do.** Give the read a timeout in the program. Set SO_KEEPALIVE as well, which also notices a dead peer between requests.
\`kaprobe rescue\` switches it on in the running process, or wakes the thread with \`--shutdown\`.

**Sources.** socket(7), SO_RCVTIMEO and SO_KEEPALIVE. proc(5), /proc/PID/syscall. RFC 9293, section 3.8.4.`,
  judge: ({ liveSockets, strictest }) => {
    const blocked = liveSockets.filter(
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
        severity: strictest === null ? 'warning' : 'error',
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
