/** What `measure` returns. */

import type { Dropper, SurvivalOutcome } from '../../connections/observation.ts';
import type { MiddleboxPreset } from '../../knowledge/preset.ts';

/** A product whose default idle timeout lies in the bracket. */
export interface IdleTimeoutMatch {
  id: string;
  name: string;
  kind: MiddleboxPreset['kind'];
  idleTimeoutMs: number;
  /** How it ends a connection that it has forgotten, and whether that is what was seen; null: not known. */
  expiry: MiddleboxPreset['expiry']['behaviour'];
  agrees: boolean | null;
  /** Whether TCP keepalive restarts its idle timer; null: not known. */
  keepaliveRefreshes: boolean | null;
  configurableWith: string | null;
}

/** One connection that idled, and whether it lived at that age. */
export interface AgeTest {
  /** The idle time that was planned for it. */
  plannedMs: number;
  /** What it was: no less for one that lived, no more for one that died. */
  ageMs: number;
  outcome: SurvivalOutcome;
  /** When, since the beginning. */
  atMs: number;
}

/** What came out for connections on which the same side speaks first after the silence. */
export interface MeasuredDirection {
  /**
   * Connections idle for `lowerMs` lived, those idle for `upperMs` did not. `lowerMs` null: nothing was measured; `upperMs` null: nothing died
   * within the limit. When the peer ended them: the times of its own closing. Where the far end spoke first, `stalled` is what this side sees:
   * nothing came, whatever the far end was answered.
   */
  idleTimeout: { lowerMs: number | null; upperMs: number | null; outcome: SurvivalOutcome };
  /** Who ended them; null: nobody, or not known. */
  endedBy: 'path' | 'peer' | null;
  matches: IdleTimeoutMatch[];
  /** What tells the matches apart, in sentences without a full stop; none when there are fewer than two. */
  tellApart: string[];
  /** Whether a connection whose kernel sent keepalive probes outlived the timeout; null: not known. */
  keepaliveRefreshes: boolean | null;
  /** Most connections that were open at once. */
  connections: number;
  tests: AgeTest[];
  /** What blurs the answer, in sentences without a full stop. */
  doubts: string[];
  /** The chance that a living connection was called dead, by what the path was seen to lose. */
  falseDeathProbability: number | null;
}

/** The idle timeout of a path, as measured. */
export interface MeasureData extends MeasuredDirection {
  /** As it was given, without any user name and password. */
  target: string;
  address: string | null;
  port: number;
  /** Who spoke first after the silence. `both`: some connections each. */
  direction: 'client' | 'server' | 'both';
  /** The protocol of the request that each connection began with; null: none. */
  warmup: string | null;
  /** What was looked for, and how narrow the answer was to be. */
  wanted: { minMs: number; maxMs: number; resolution: { share: number; floorMs: number }; connections: number };
  elapsedMs: number;
  dropper: Dropper | null;
  /** With `both`: the connections on which the far end spoke first; all the rest is about the others. Otherwise null. */
  farEndFirst: MeasuredDirection | null;
}
