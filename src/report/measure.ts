/** What `measure` returns. */

import type { Dropper, SurvivalOutcome } from './check.ts';
import type { MiddleboxPreset } from './middleboxes.ts';

/** A product whose default idle timeout lies in the bracket. */
export interface IdleTimeoutMatch {
  id: string;
  name: string;
  idleTimeoutMs: number;
  /** How it ends a connection that it has forgotten, and whether that is what was seen; null: not known. */
  expiry: MiddleboxPreset['expiry']['behaviour'];
  agrees: boolean | null;
  configurableWith: string | null;
}

/** One connection of the ladder, tested once. */
export interface MeasuredRung {
  /** The idle time that was planned for it. */
  plannedMs: number;
  /** What it was: no less for one that lived, no more for one that died. */
  idleMs: number;
  outcome: SurvivalOutcome;
  /** When, since the beginning. */
  atMs: number;
}

/** The idle timeout of a path, as measured. */
export interface MeasureData {
  /** As it was given, without any user name and password. */
  target: string;
  address: string | null;
  port: number;
  /** Who speaks first after the silence. */
  direction: 'client';
  /** The protocol of the request that each connection began with; null: none. */
  warmup: string | null;
  /** What was looked for, and how narrow the answer was to be. */
  wanted: { minMs: number; maxMs: number; resolution: { share: number; floorMs: number }; connections: number };
  /**
   * Connections idle for `lowerMs` lived, those idle for `upperMs` did not. `lowerMs` null: nothing was measured; `upperMs` null: nothing died
   * within the limit. When the peer ended them: the times of its own closing.
   */
  idleTimeout: { lowerMs: number | null; upperMs: number | null; outcome: SurvivalOutcome };
  /** Who ended them; null: nobody, or not known. */
  endedBy: 'path' | 'peer' | null;
  matches: IdleTimeoutMatch[];
  /** Whether a connection whose kernel sent keepalive probes outlived the timeout; null: not known. */
  keepaliveRefreshes: boolean | null;
  elapsedMs: number;
  /** Most connections that were open at once. */
  connections: number;
  rungs: MeasuredRung[];
  dropper: Dropper | null;
  /** What blurs the answer, in sentences without a full stop. */
  doubts: string[];
  /** The chance that a living connection was called dead, by what the path was seen to lose. */
  falseDeathProbability: number | null;
}
