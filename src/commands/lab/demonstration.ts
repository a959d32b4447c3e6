import type { Dropper } from '../../connections/observation.ts';
import type { Firewall } from './options.ts';
import type { LabData } from './report.ts';

/** How long the connections idle beyond the timeout that is shown. */
const BEYOND_MS = 2000;
/** Whoever forgets this much later than the first is waited for too, so that it is certain who has forgotten. */
const TOGETHER_MS = 6000;
const INTERVAL_MS = 1000;
const LEAST_COUNT = 3;
/** A keepalive that gives up sooner ends healthy connections, which would be a finding of its own. */
const DEAD_AFTER_MS = 10_000;

/** What the demonstration does with a network. */
export interface DemonstrationPlan {
  /** How long the connections are left alone. */
  surviveMs: number;
  /** The keepalive of the twin: two probes in every idle timeout, as far as whole seconds allow. */
  keepalive: { idleMs: number; intervalMs: number; count: number };
  /** Which firewall, counted from the client, the next segment of a connection without keepalive meets; null: none stops it. */
  forgetful: number | null;
}

/** Plans the demonstration for firewalls in the order in which the client meets them; at least one has to have an idle timeout. */
export function planDemonstration(firewalls: readonly Firewall[]): DemonstrationPlan {
  const timeoutsMs = firewalls.map(({ idleTimeoutMs }) => idleTimeoutMs ?? Number.POSITIVE_INFINITY);
  const shortestMs = Math.min(...timeoutsMs);
  const together = timeoutsMs.filter((timeoutMs) => timeoutMs <= shortestMs + TOGETHER_MS);
  const forgetful = firewalls.findIndex(
    ({ onExpiry }, index) => onExpiry !== 'relearn' && together.includes(timeoutsMs[index] ?? Number.NaN),
  );
  const idleMs = Math.max(1000, Math.floor(shortestMs / 2000) * 1000);
  const count = Math.max(LEAST_COUNT, Math.ceil((DEAD_AFTER_MS - idleMs) / INTERVAL_MS));
  return {
    surviveMs: Math.max(...together) + BEYOND_MS,
    keepalive: { idleMs, intervalMs: INTERVAL_MS, count },
    forgetful: forgetful < 0 ? null : forgetful,
  };
}

/**
 * Reports whether the box that was named is the one that forgot; null when none was named or none had to be. A dropper is named as "this
 * one or the one behind it", and is right with either.
 */
export function isNamedRight(dropper: Dropper | null, forgetful: LabData['forgetful']): boolean | null {
  if (dropper === null || forgetful === null) return null;
  const named = [dropper.lastAnsweringAddress, dropper.address].filter((address) => address !== null);
  return named.length === 0 ? null : named.includes(forgetful.address);
}
