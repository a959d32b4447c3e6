/** Whether connections are reused, from samples of the sockets: which stay and carry data, and which are new. */
import type { TcpState } from '../../base/tcp-state.ts';
import type { FlowWatch } from './report.ts';

/** One socket of one sample. */
export interface ReuseSocket {
  /** The same for as long as the connection is known to the kernel, TIME_WAIT included. */
  cookie: string;
  state: TcpState;
  /** Since it last sent or received payload; null: not known. */
  lastDataMs: number | null;
}

/** What has been seen so far of all connections that are there now. It grows with their number and not with time. */
export interface ReuseWatch {
  /** The next sample, so many milliseconds after the first, each socket with the name of its flow. */
  sample(sockets: Iterable<readonly [flow: string, socket: ReuseSocket]>, elapsedMs: number): void;
  /** What became of the flows by the last sample. */
  results(): Map<string, FlowWatch>;
}

interface Seen {
  flow: string;
  timeWait: boolean;
  /** Was established in the first sample and has been so since. */
  kept: boolean;
  /** null: nobody can tell. */
  used: boolean | null;
}

/** Begins with what there is at first. */
export function startReuseWatch(first: Iterable<readonly [flow: string, socket: ReuseSocket]>): ReuseWatch {
  let seen = new Map<string, Seen>();
  for (const [flow, { cookie, state }] of first)
    seen.set(cookie, { flow, timeWait: state === 'time-wait', kept: state === 'established', used: false });
  const counts = new Map<string, { opened: number; closedHere: number }>();
  const NONE = { opened: 0, closedHere: 0, kept: 0, keptUsed: 0 };
  return {
    sample: (sockets, elapsedMs) => {
      const now = new Map<string, Seen>();
      for (const [flow, { cookie, state, lastDataMs }] of sockets) {
        const before = seen.get(cookie);
        const timeWait = state === 'time-wait';
        const count = counts.get(flow) ?? { opened: 0, closedHere: 0 };
        if (before === undefined) count.opened += 1;
        if (timeWait && before?.timeWait !== true) count.closedHere += 1;
        counts.set(flow, count);
        now.set(cookie, {
          flow,
          timeWait,
          kept: before?.kept === true && state === 'established',
          used: before?.used === true || (lastDataMs === null ? null : lastDataMs < elapsedMs),
        });
      }
      seen = now;
    },
    results: () => {
      const flows = new Map<string, FlowWatch>();
      for (const [flow, count] of counts) flows.set(flow, { ...NONE, ...count });
      for (const { flow, kept, used } of seen.values()) {
        if (!kept) continue;
        const sofar = flows.get(flow) ?? NONE;
        const keptUsed = sofar.keptUsed === null || used === null ? null : sofar.keptUsed + (used ? 1 : 0);
        flows.set(flow, { ...sofar, kept: sofar.kept + 1, keptUsed });
      }
      return flows;
    },
  };
}
