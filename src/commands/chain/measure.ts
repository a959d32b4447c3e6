import { UsageError } from '../../base/errors.ts';
import { formatDuration } from '../../base/units.ts';
import type { HttpObservation } from '../../connections/http/observation.ts';
import { parseHttpTarget } from '../../connections/target.ts';
import { type ChainValue, finiteLimit, isKnown, type Limit } from '../../knowledge/hop.ts';
import type { Gap } from '../../report/report.ts';
import { unmeasured } from '../../report/values.ts';
import type { CommandContext } from '../room.ts';
import type { BuiltHop } from './hops/build-hop.ts';
import type { ChainHop } from './report.ts';

/** Connections that idle side by side at each server. */
const CONNECTION_COUNT = 3;
/** How long to wait for an idle close without a configured value. */
export const USUAL_WAIT_MS = 120_000;
/** Longer only where the user says so: idle closes of an hour exist. */
const LONGEST_WAIT_MS = 600_000;
/** What a server says on the way out of every connection, rather than about this one response. */
const ITS_WAY: readonly HttpObservation['persistent']['why'][] = [
  'connection-close',
  'response-http-1.0',
  'closed-unannounced',
];

/** What was asked of a running server, and what it came to. */
type Seen =
  | { kind: 'closes'; lowerMs: number; upperMs: number }
  | { kind: 'open'; lowerMs: number }
  | { kind: 'not-persistent' }
  | { kind: 'unmeasured'; reason: string };

/**
 * Measures the hops that are to be measured, side by side, and puts what was seen in the place of what is configured. `maxIdleMs`: how long to
 * wait at most; null: a little longer than the configured value.
 */
export async function measureHops(
  hops: readonly BuiltHop[],
  maxIdleMs: number | null,
  context: CommandContext,
): Promise<{ hops: BuiltHop[]; gaps: Gap[] }> {
  const gaps: Gap[] = [];
  const measured = await Promise.all(
    hops.map(async (hop): Promise<BuiltHop> => {
      const url = hop.spec.measure;
      if (url === null) return hop;
      if (hop.variants.some((variant) => variant.hop.server === null))
        throw new UsageError(`${hop.name} accepts no connections: there is nothing to measure`);
      const seen = await look(url, maxIdleMs ?? waitFor(hop), context);
      if (seen.kind === 'unmeasured') {
        gaps.push({ subject: hop.name, what: `the idle close at ${url}`, reason: seen.reason });
        return hop;
      }
      const configured = longestConfigured(hop);
      if (seen.kind === 'open' && configured !== null && configured > seen.lowerMs) {
        const reason = `idle connections were still open after ${formatDuration(seen.lowerMs)}, when it stopped waiting; configured is ${formatDuration(configured)}`;
        gaps.push({ subject: hop.name, what: `the idle close at ${url}`, reason });
      }
      return {
        ...hop,
        variants: hop.variants.map((variant) => ({ ...variant, hop: replaced(variant.hop, url, seen) })),
      };
    }),
  );
  return { hops: measured, gaps };
}

function waitFor(hop: BuiltHop): number {
  const configured = longestConfigured(hop);
  return configured === null ? USUAL_WAIT_MS : Math.min(LONGEST_WAIT_MS, Math.round(configured * 1.1 + 5000));
}

/** null: never, or not known. */
function longestConfigured({ variants }: BuiltHop): number | null {
  const limits = variants.flatMap(({ hop }) => finiteLimit(hop.server?.idleCloseMs ?? null) ?? []);
  return limits.length === 0 ? null : Math.max(...limits);
}

async function look(url: string, maxIdleMs: number, context: CommandContext): Promise<Seen> {
  const { probeHttp } = await import('../../connections/http/probe.ts');
  const { observation, gaps } = await probeHttp(
    { target: parseHttpTarget(url), maxRequests: 2, idle: { connectionCount: CONNECTION_COUNT, maxIdleMs } },
    context,
  );
  const { persistent, idleClose, connect } = observation;
  if (connect.kind !== 'connected')
    return { kind: 'unmeasured', reason: `${connect.kind}${connect.error === null ? '' : `: ${connect.error}`}` };
  if (persistent.value === false) {
    return ITS_WAY.includes(persistent.why)
      ? { kind: 'not-persistent' }
      : { kind: 'unmeasured', reason: `the response ended its connection (${persistent.why ?? 'not known why'})` };
  }
  if (idleClose !== null && idleClose.lowerMs !== null) {
    const { lowerMs, upperMs, outcome } = idleClose;
    if (outcome === 'alive') return { kind: 'open', lowerMs };
    if (upperMs !== null && (outcome === 'closed' || outcome === 'reset')) return { kind: 'closes', lowerMs, upperMs };
  }
  const [gap] = gaps;
  return { kind: 'unmeasured', reason: gap?.reason ?? 'the server did not close in the way of a server' };
}

function replaced(hop: ChainHop, url: string, seen: Exclude<Seen, { kind: 'unmeasured' }>): ChainHop {
  const { server } = hop;
  if (server === null) return hop;
  const { idleCloseMs } = server;
  const from = <T>(value: T, lowerMs: number, upperMs: number): ChainValue<T> => ({
    value,
    source: { kind: 'measured', url, lowerMs, upperMs },
    setting: isKnown(idleCloseMs) ? idleCloseMs.setting : null,
  });
  switch (seen.kind) {
    case 'closes': {
      const { lowerMs, upperMs } = seen;
      return {
        ...hop,
        // The earliest close decides: a sender must give up before it.
        server: { ...server, reuse: from(true, lowerMs, upperMs), idleCloseMs: from<Limit>(lowerMs, lowerMs, upperMs) },
        replaced: { idleCloseMs, observed: { url, lowerMs, upperMs } },
      };
    }
    case 'not-persistent':
      return {
        ...hop,
        server: { ...server, reuse: from(false, 0, 0), idleCloseMs: from<Limit>(0, 0, 0) },
        replaced: { idleCloseMs, observed: { url, lowerMs: 0, upperMs: 0 } },
      };
    case 'open': {
      const { lowerMs } = seen;
      const possible = isKnown(idleCloseMs) && (idleCloseMs.value === 'never' || idleCloseMs.value >= lowerMs);
      const stillOpen = unmeasured(`idle connections were still open after ${formatDuration(lowerMs)}`);
      return {
        ...hop,
        server: { ...server, idleCloseMs: possible ? idleCloseMs : stillOpen },
        replaced: { idleCloseMs, observed: { url, lowerMs, upperMs: null } },
      };
    }
    default:
      return seen satisfies never;
  }
}
