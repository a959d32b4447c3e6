import { armOf } from '../connections/survival.ts';
import type { Facts } from '../policy/facts.ts';
import type { Keepalive } from '../report/values.ts';
import { lastTolerableProbeMs, recommendKeepalive, safetyMarginMs, strictestMiddlebox } from './keepalive.ts';

/**
 * The one set of settings that a report proposes, so that all of its lines agree: what was asked for, if it has just been shown to keep the
 * connection and suits the middleboxes given; else what suits the shortest timeout known, where a silence that was too long counts as
 * twice the timeout. null: no keepalive can meet that.
 */
export function proposeKeepalive({
  survival,
  settings,
  middleboxes,
}: Pick<Facts, 'survival' | 'settings' | 'middleboxes'>): Keepalive | null {
  const given = strictestMiddlebox(middleboxes)?.idleTimeoutMs ?? null;
  const tooLongMs = armOf(survival, 'silent')?.idleMs ?? survival?.idleMs ?? null;
  const measured = survival?.cause === 'middlebox' && tooLongMs !== null ? tooLongMs / 2 : null;
  const proven =
    survival?.cause === 'middlebox' && armOf(survival, 'keepalive')?.outcome === 'alive'
      ? (settings?.keepalive ?? null)
      : null;
  if (proven !== null && (given === null || lastTolerableProbeMs(proven) <= given - safetyMarginMs(given)))
    return proven;
  const known = [given, measured].filter((timeout) => timeout !== null);
  return recommendKeepalive(known.length === 0 ? null : Math.min(...known));
}
