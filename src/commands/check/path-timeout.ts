/** What the rules about a path that forgets idle connections share. */
import { formatDuration } from '../../base/units.ts';
import type { Survival } from '../../connections/observation.ts';
import { armOf } from '../../connections/survival.ts';
import type { Settings } from '../../keepalive/facts.ts';
import { probePeriodMs } from '../../keepalive/keepalive.ts';
import { setsockoptLines, sysctlLines } from '../../keepalive/remedy.ts';
import type { CheckFacts } from './facts.ts';

/**
 * Between which two silences the path forgets: `heldMs` is what the keepalive arm left between its probes and lived, null when that
 * says nothing; `lostMs` is what the silent arm did not survive.
 */
export function idleTimeoutBracket(
  survival: Survival,
  settings: Settings | null,
): { heldMs: number | null; lostMs: number } {
  const lostMs = armOf(survival, 'silent')?.idledForMs ?? survival.askedForMs;
  const kept =
    armOf(survival, 'keepalive')?.outcome === 'alive' &&
    settings !== null &&
    probePeriodMs(settings.keepalive) < lostMs;
  return { heldMs: kept ? probePeriodMs(settings.keepalive) : null, lostMs };
}

/** That bracket in words. */
export function between(heldMs: number | null, lostMs: number): string {
  return heldMs === null
    ? `within ${formatDuration(lostMs)}`
    : `after more than ${formatDuration(heldMs)} and at most ${formatDuration(lostMs)}`;
}

/** The recommended keepalive for one socket and for the host: what is wrong is the path, whoever sets the values. */
export function linesForPath({ recommended, librarySwitches }: CheckFacts): string[] {
  if (recommended === null) return [];
  return [...setsockoptLines(recommended), ...librarySwitches, ...sysctlLines(recommended)];
}
