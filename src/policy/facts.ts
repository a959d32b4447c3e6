import type { ChainLink } from '../commands/chain/alignment.ts';
import type { ChainHop } from '../commands/chain/report.ts';
import type { WatchData } from '../commands/watch/report.ts';
import type { Keepalive, Middlebox } from '../report/values.ts';
import type { LiveSocket } from '../sockets/live-socket.ts';

/**
 * What is known about one subject when the rules look at it: measured and given values, nothing else. null throughout: not known or not
 * part of the question, so that no rule may conclude anything from it.
 */
export interface Facts {
  /** What the findings are about: a target, or `sysctl`. */
  subject: string;
  middleboxes: readonly Middlebox[];
  /** What was watched, and what happened. */
  watched: WatchedFacts | null;
  /** Live sockets that have something in common, such as the program that holds them. */
  liveSockets: readonly LiveSocket[] | null;
  /** The process in whose network namespace they are; null: in kaprobe's own. */
  netnsPid: number | null;
  /** Lines that set the recommended keepalive through the libraries that speak the target's protocol. */
  librarySwitches: readonly string[];
  /** Two hops of a chain that talk to each other. */
  joint: Joint | null;
  /** A hop of a chain whose running server was measured. */
  measuredHop: ChainHop | null;
}

/** Two hops of a chain, what to judge them by, and how to write what they should say. */
export interface Joint {
  link: ChainLink;
  /** By how much the receiver must outlast the sender. */
  marginMs: number;
  requestsPerSecond: number | null;
  /** How long the sender's pool would keep connections if it were told to reuse them and nothing else; null: not known. */
  poolIdleOnceReusedMs: number | null;
  /** Complete lines in the product's own syntax; none where it has no such setting, or nothing is known. */
  write(end: 'sender' | 'receiver', wanted: WantedSetting): string[];
}

/** What a hop should be told. Durations are rounded to the product's unit: up where it must outlast, down where it must give up first. */
export type WantedSetting =
  | { set: 'idle-close'; ms: number; on: 'file' | 'command-line' }
  | { set: 'keep-open'; on: 'file' | 'command-line' }
  | { set: 'pool-idle' | 'response-timeout'; ms: number }
  | { set: 'reuse' | 'no-reuse' | 'retry-safely' }
  | { set: 'pool-size' | 'pool-requests'; count: number }
  | { set: 'capacity'; count: number; on: 'file' | 'command-line' }
  | { set: 'tcp-keepalive'; keepalive: Keepalive };

/** A watch: the part of it that rules judge. */
export type WatchedFacts = Pick<WatchData, 'mode' | 'counts' | 'first' | 'seen'>;

/** Facts about which nothing is known yet. */
export function factsAbout(subject: string): Facts {
  return {
    subject,
    middleboxes: [],
    watched: null,
    liveSockets: null,
    netnsPid: null,
    librarySwitches: [],
    joint: null,
    measuredHop: null,
  };
}
