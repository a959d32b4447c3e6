/** Watches until the end: looks, rests, tells. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CapabilityError, unlessMissing } from '../../base/errors.ts';
import type { Target } from '../../connections/target.ts';
import { type Libc, loadLibc } from '../../linux/libc.ts';
import { atLeast, judge } from '../../report/finding.ts';
import type { Gap, Outcome } from '../../report/report.ts';
import type { RequestedKeepalive } from '../../report/values.ts';
import type { SocketFilter } from '../../sockets/socket-filter.ts';
import type { CommandContext } from '../room.ts';
import { namespaceOf } from '../shared/socket-selection.ts';
import { watchConnections } from './decide-events.ts';
import type { WatchData, WatchEventKind } from './report.ts';
import { rules } from './rules/registry.generated.ts';
import { openLog, UNANSWERED_UNTIL_STALLED } from './watch-log.ts';
import { watchObserved } from './watch-observed.ts';
import { type OwnSource, watchOwn } from './watch-own.ts';
import type { WatchSource } from './watch-source.ts';

/** Between two looks at its own sockets and at others', and the share of one core that they may take. */
const LOOK_EVERY_MS = { own: 500, observed: 1000 } as const;
const COST_SHARE = 0.03;
/** How often a name is looked up again: as long as resolvers commonly let an answer live. */
const RESOLVE_EVERY_MS = 30_000;
/** No load of the machine makes it look more rarely than this. */
const LOOK_AT_LEAST_EVERY_MS = 10_000;

/** What `watch` is asked. */
export interface WatchQuestion {
  /** What is watched, in the words in which it was asked for. */
  subject: string;
  /** The connections to hold; null: others' are observed. */
  own: { target: Target; connections: number; keepalive: RequestedKeepalive; reconnect: boolean } | null;
  filter: SocketFilter;
  /** The process in whose network namespace to look; null: where those of the filter are. */
  netns: number | null;
  /** null: until Ctrl-C. */
  forMs: number | null;
  until: WatchEventKind | null;
  quietMs: number;
}

/** Opens what the connections come from. Throws a CapabilityError where what was asked for cannot be seen. */
async function openSource(
  { own, filter, netns, until }: WatchQuestion,
  signal: AbortSignal,
): Promise<WatchSource | OwnSource> {
  if (own !== null)
    return watchOwn({ ...own, resolveEveryMs: RESOLVE_EVERY_MS, libc: await loadLibcToHold(own.target), signal });
  const source = await watchObserved(filter, netns ?? namespaceOf(filter.pids));
  if (source.source === 'procfs' && until !== null && NOT_IN_PROCFS.includes(until)) {
    throw new CapabilityError(
      `--until ${until} would never be: /proc/net/tcp does not show it, and there is no sock_diag: ${source.withoutSockDiag}`,
      'other events show there, such as stalled and gone',
    );
  }
  return source;
}

/** They need the times of the last segments, and the sockets' own options. */
const NOT_IN_PROCFS: readonly WatchEventKind[] = ['quiet', 'timed-out'];

async function loadLibcToHold({ label }: Target): Promise<Libc> {
  try {
    return await loadLibc();
  } catch (error) {
    const { message } = unlessMissing(error);
    throw new CapabilityError(
      `cannot hold connections to ${label}, which takes keepalive and TCP_INFO of their sockets: ${message}`,
      'without them watch can only observe what others hold, from /proc/net/tcp: --remote, --pid',
      error,
    );
  }
}

/** Watches, and reports at the end. Throws a CapabilityError where what was asked for cannot be seen. */
export async function watchUntilTheEnd(question: WatchQuestion, context: CommandContext): Promise<Outcome<WatchData>> {
  const { forMs, until, own } = question;
  const { signal } = context;
  const source = await openSource(question, signal);
  const watched = watchConnections({
    quietMs: question.quietMs,
    unansweredUntilStalled: UNANSWERED_UNTIL_STALLED,
    wereThere: own === null,
  });
  const mode = own === null ? 'observed' : 'own';
  const log = openLog({ ...question, mode }, source, watched, context);
  let endedBy: WatchData['endedBy'] | null = null;
  let lastCostMs = 0;
  try {
    while (endedBy === null) {
      const costMs = await log.step();
      if (until !== null && log.counts[until] > 0) endedBy = 'until';
      else if (signal.aborted) endedBy = 'interrupt';
      else if (forMs !== null && log.elapsedMs() >= forMs) endedBy = 'time';
      else if (source.isOver()) endedBy = 'nothing-left';
      else {
        // One look alone may cost more than the others do: the first, which loads code, or one during which memory is tidied up.
        const usualMs = Math.min(lastCostMs, costMs);
        lastCostMs = costMs;
        const hurry = watched.isUnsure ? 2 : 1;
        const leastMs = LOOK_EVERY_MS[mode];
        const pauseMs = Math.min(LOOK_AT_LEAST_EVERY_MS, Math.max(leastMs, usualMs / COST_SHARE) / hurry);
        const restMs = forMs === null ? pauseMs : Math.max(0, forMs - log.elapsedMs());
        await sleep(Math.min(pauseMs, restMs), undefined, { signal }).catch(() => {});
      }
    }
    return outcomeOf(question, log.data(endedBy), source.withoutSockDiag, context);
  } finally {
    source.close();
  }
}

function outcomeOf(
  { own }: WatchQuestion,
  data: WatchData,
  withoutSockDiag: string | null,
  { failOn }: CommandContext,
): Outcome<WatchData> {
  const { subject, endedBy, forMs, until } = data;
  const findings = judge(rules, subject, data);
  const isGrave = findings.some(({ severity }) => atLeast(severity, failOn));
  const gaps: Gap[] = [];
  if (data.seen === 0 && own === null)
    gaps.push({ subject, what: 'connections', reason: 'there was none while it watched' });
  if (withoutSockDiag !== null) {
    const reason = `read from /proc/net/tcp, which does not show them, because there is no sock_diag: ${withoutSockDiag}`;
    gaps.push({ subject, what: 'silence, and how many unanswered probes the sockets bear', reason });
  }
  return {
    data,
    findings,
    gaps,
    // Without --for and --until Ctrl-C is the end that was meant.
    interrupted: endedBy === 'interrupt' && (forMs !== null || until !== null) && !isGrave,
  };
}
