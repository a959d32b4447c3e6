/** The pairs of hops that talk to each other. */
import type { ChainClientSide, ChainServerSide } from '../../../knowledge/hop.ts';
import type { ChainHop } from '../report.ts';

/** A middlebox between two hops. */
export type BoxHop = ChainHop & { middlebox: NonNullable<ChainHop['middlebox']> };

/** Two hops that share connections, and the middleboxes that only forward their packets. */
export interface HopPair {
  sender: ChainHop & { client: ChainClientSide };
  receiver: ChainHop & { server: ChainServerSide };
  /** From the sender on. */
  boxes: readonly BoxHop[];
  /** The place of the sender among all hops. */
  senderIndex: number;
}

/** The pairs of a chain, from client to origin. A pair without the sides that it needs is left out. */
export function pairsOf(hops: readonly ChainHop[]): HopPair[] {
  const pairs: HopPair[] = [];
  let boxes: BoxHop[] = [];
  let last: { hop: ChainHop; index: number } | null = null;
  hops.forEach((hop, index) => {
    const { middlebox, server } = hop;
    if (middlebox !== null) {
      boxes.push({ ...hop, middlebox });
      return;
    }
    const client = last?.hop.client ?? null;
    if (last !== null && client !== null && server !== null)
      pairs.push({ sender: { ...last.hop, client }, receiver: { ...hop, server }, boxes, senderIndex: last.index });
    last = { hop, index };
    boxes = [];
  });
  return pairs;
}
