/** What is known of each pair of a chain: the verdicts that the report draws, the gaps, and the facts of the rules come from it. */

import type { ChainHop, ChainVerdict } from '../report.ts';
import { type Alignment, alignmentOf } from './alignment.ts';
import { type BoxEffect, boxEffectOf } from './box-effect.ts';
import { type HopPair, pairsOf } from './pair.ts';

/** A pair with what becomes of its idle connections. */
export interface JudgedPair extends HopPair {
  alignment: Alignment;
  /** One for each of its boxes. */
  effects: readonly BoxEffect[];
}

/** The pairs of a chain, judged. `marginMs`: by how much a receiver must outlast its sender. */
export function judgePairs(hops: readonly ChainHop[], marginMs: number): JudgedPair[] {
  return pairsOf(hops).map((pair) => ({
    ...pair,
    alignment: alignmentOf(pair, marginMs),
    effects: pair.boxes.map((box) => boxEffectOf(pair, box)),
  }));
}

/** The verdicts on the ways from each hop to the next, as `Chain.verdicts` has them. */
export function verdictsOf(hops: readonly ChainHop[], pairs: readonly JudgedPair[]): ChainVerdict[] {
  const verdicts = hops.slice(1).map((): ChainVerdict => ({ kind: 'unknown', why: 'one of the two has no such side' }));
  for (const { senderIndex, effects, alignment } of pairs) {
    effects.forEach((effect, index) => {
      verdicts[senderIndex + index] = verdictOf(effect);
    });
    const { kind, why } = alignment;
    verdicts[senderIndex + effects.length] = { kind, why };
  }
  return verdicts;
}

function verdictOf(effect: BoxEffect): ChainVerdict {
  switch (effect.kind) {
    case 'kept':
      return { kind: 'aligned', why: effect.why };
    case 'forgotten':
      return { kind: 'path-forgets', why: effect.why };
    case 'unknown':
      return { kind: 'unknown', why: `not known ${effect.what}` };
    default:
      return effect satisfies never;
  }
}

/** What is not known of a pair and would decide. */
export function gapsOf({ alignment, effects }: JudgedPair): { what: string; reason: string }[] {
  return [alignment, ...effects].flatMap((judged) =>
    judged.kind === 'unknown' ? [{ what: judged.what, reason: judged.reason }] : [],
  );
}
