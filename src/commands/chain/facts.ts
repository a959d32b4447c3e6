/** What the rules of `chain` judge. */
import type { JudgedPair } from './pairs/judged-pair.ts';
import type { ChainHop } from './report.ts';
import type { HopSyntax } from './write.ts';

/** Two hops that talk to each other, what to judge them by, and how their settings are written. */
export interface PairFacts {
  kind: 'pair';
  pair: JudgedPair;
  /** By how much the receiver must outlast the sender. */
  marginMs: number;
  /** null: not given. */
  requestsPerSecond: number | null;
  /** null: not known. */
  syntax: Record<'sender' | 'receiver', HopSyntax | null>;
}

/** One hop, whose running server may have been measured. */
export interface HopFacts {
  kind: 'hop';
  hop: ChainHop;
}

export type ChainFacts = PairFacts | HopFacts;
