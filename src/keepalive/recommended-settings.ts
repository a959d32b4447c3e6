import type { Keepalive, Middlebox } from '../report/values.ts';
import { lastTolerableProbeMs, recommendKeepalive, safetyMarginMs, strictestMiddlebox } from './keepalive.ts';

/** What connections that were left idle have shown about a middlebox on the path. */
export interface IdleEvidence {
  /** A silence that it did not tolerate. */
  tooLongMs: number;
  /** Whether the connection with the settings that are judged lived through that time. */
  settingsKeptIt: boolean;
}

/**
 * The one set of settings that a report proposes, so that all of its lines agree: what was asked for, if it has just been shown to keep the
 * connection and suits the middleboxes given; else what suits the shortest timeout known, where a silence that was too long counts as
 * twice the timeout. null: no keepalive can meet that.
 */
export function proposeKeepalive({
  settings = null,
  middleboxes,
  idleEvidence = null,
}: {
  settings?: { keepalive: Keepalive } | null;
  middleboxes: readonly Middlebox[];
  idleEvidence?: IdleEvidence | null;
}): Keepalive | null {
  const givenMs = strictestMiddlebox(middleboxes)?.idleTimeoutMs ?? null;
  const provenKeepalive = idleEvidence?.settingsKeptIt === true ? (settings?.keepalive ?? null) : null;
  if (
    provenKeepalive !== null &&
    (givenMs === null || lastTolerableProbeMs(provenKeepalive) <= givenMs - safetyMarginMs(givenMs))
  )
    return provenKeepalive;
  const known = [givenMs, idleEvidence === null ? null : idleEvidence.tooLongMs / 2].filter((ms) => ms !== null);
  return recommendKeepalive(known.length === 0 ? null : Math.min(...known));
}
