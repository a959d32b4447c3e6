/** What the counters of somebody's connection tell about how it ended, where its states did not show it. */

/** Of TCP_INFO: at the last look at which it was established, or at its end. null: not known. */
export interface EndCounters {
  /** Segments sent and not acknowledged. */
  unackedSegments: number | null;
  unansweredProbes: number;
  /** Segments of any kind, RST and FIN among them. */
  segmentsOut: number | null;
  segmentsIn: number | null;
  /** With a FIN as one byte. */
  bytesReceived: number | null;
}

/**
 * Reports whether it was an RST from outside that ended it: since the last look, at which nothing was in flight, a segment came in, no
 * FIN among what came, and nothing went out but probes that had no answer. Every other end sends a segment of its own: a FIN, or
 * an RST where the process aborts the connection, where it is destroyed (ss -K), and where the kernel gives it up after the last probe
 * (tcp_send_active_reset in net/ipv4/tcp_output.c); one that is aborted by its process has counters of zero besides (tcp_disconnect).
 * What ended amid traffic it leaves open: false.
 */
export function endedByReset(last: EndCounters, end: EndCounters): boolean {
  const out = since(last.segmentsOut, end.segmentsOut);
  const into = since(last.segmentsIn, end.segmentsIn);
  const probes = end.unansweredProbes - last.unansweredProbes;
  return (
    last.unackedSegments === 0 &&
    into !== null &&
    into > 0 &&
    since(last.bytesReceived, end.bytesReceived) === 0 &&
    out === probes &&
    probes >= 0
  );
}

function since(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before;
}
