/** What an ICMP error about a segment of a stalled flow was, as far as the kernel tells. */

/** Counters of the network namespace. */
interface Counters {
  timeExceeded: number;
  unreachable: number;
  outOfWindow: number;
}

/** `expired`: "time exceeded". `rejected`: "unreachable". `unclear`: an error, of a kind that cannot be told. */
export type FlowAnswer = 'expired' | 'rejected' | 'unclear';

/** What was seen since before the segments were sent. */
export interface FlowSigns {
  /** What the segments were: probes, errors about which only the counters show, or payload, about which the socket tells. */
  means: 'keepalive' | 'bytes';
  /** The socket's pending error. */
  errno: string | null;
  /** The counters then and now; null: there are none. */
  before: Counters | null;
  after: Counters | null;
  /** How many segments were sent. */
  sent: number;
  /** How many of the "time exceeded" messages answered something else. */
  synAnswers: number;
}

/**
 * Tells what the segments drew; null: nothing so far. About payload the socket says so by an errno, but over IPv4 the same one for both
 * kinds, which the counters tell apart. About keepalive probes nothing but the counters rises: both that of errors outside the window, which
 * hardly anything else raises, and that of the kind.
 */
export function classifyAnswer({ means, errno, before, after, sent, synAnswers }: FlowSigns): FlowAnswer | null {
  const rise = (name: keyof Counters): number => (before === null || after === null ? 0 : after[name] - before[name]);
  const expired = rise('timeExceeded') - synAnswers > 0;
  const rejected = rise('unreachable') > 0;
  if (means === 'keepalive') {
    const answers = rise('outOfWindow');
    if (answers <= 0 || !(expired || rejected)) return null;
    return answers > sent ? 'unclear' : expired === rejected ? 'unclear' : expired ? 'expired' : 'rejected';
  }
  if (errno === null) return null;
  if (errno !== 'EHOSTUNREACH') return 'rejected';
  if (before === null || after === null) return 'expired';
  return expired === rejected ? 'unclear' : expired ? 'expired' : 'rejected';
}
