/** What the rules of TCP keepalive judge by. */
import type { Keepalive, Middlebox } from '../report/values.ts';
import { strictestMiddlebox } from './keepalive.ts';
import { type IdleEvidence, proposeKeepalive } from './recommended-settings.ts';

/** Keepalive in effect, and where it comes from. */
export interface Settings {
  keepalive: Keepalive;
  /** `measured`: read back from a socket. `planned`: asked for, but not read back. `sysctl`: what a socket that sets only SO_KEEPALIVE gets. */
  basis: 'measured' | 'planned' | 'sysctl';
  /** Whether the value is the host's because nobody asked for another. */
  inherited: { idle: boolean; interval: boolean; count: boolean };
}

/** What is known about one subject, with what follows from it for every rule. */
export interface KeepaliveFacts {
  /** null: there are none to judge, or they are not known. */
  settings: Settings | null;
  /** Whether live connections are judged, each by its own settings. An application heartbeat may keep them alive, which no setting shows. */
  liveConnections: boolean;
  middleboxes: readonly Middlebox[];
  /** The middlebox that decides; null: keepalive refreshes none. */
  strictest: Middlebox | null;
  /** What all remedies propose; null: no TCP keepalive is fast enough. */
  recommended: Keepalive | null;
  /** Lines that set the recommended keepalive in the libraries that the subject uses. */
  librarySwitches: readonly string[];
}

/** What a room knows about a subject. Left out: no settings, no connections, nothing measured, no library known. */
export interface KeepaliveKnown {
  settings?: Settings | null;
  liveConnections?: boolean;
  middleboxes: readonly Middlebox[];
  idleEvidence?: IdleEvidence | null;
  /** Lines that set this keepalive in the libraries that the subject uses. */
  switchesFor?: (recommended: Keepalive) => readonly string[];
}

/** Works out once for one subject what the rules of keepalive share. */
export function keepaliveFacts(known: KeepaliveKnown): KeepaliveFacts {
  const { settings = null, liveConnections = false, middleboxes, idleEvidence = null, switchesFor } = known;
  const recommended = proposeKeepalive({ settings, middleboxes, idleEvidence });
  return {
    settings,
    liveConnections,
    middleboxes,
    strictest: strictestMiddlebox(middleboxes),
    recommended,
    librarySwitches: recommended === null ? [] : (switchesFor?.(recommended) ?? []),
  };
}
