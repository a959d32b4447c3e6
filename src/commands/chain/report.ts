/** What `chain` returns. */

import type { ChainClientSide, ChainServerSide, ChainValue, Limit, MaybeChainValue } from '../../knowledge/hop.ts';

/** What a hop was made of. */
type ChainOrigin =
  | { kind: 'file'; file: string; line: number | null }
  | { kind: 'command-line'; text: string }
  | { kind: 'stack' | 'preset'; id: string; confidence: string; url: string | null }
  | { kind: 'flag' };

export interface ChainHop {
  /** Unlike all others of the chain. */
  name: string;
  origin: ChainOrigin;
  role: 'client' | 'proxy' | 'app' | 'middlebox';
  /** What it is, in words: `nginx`, `gunicorn (gthread)`, `AWS Application Load Balancer`. */
  product: string;
  /** Towards the client; null for a client. */
  server: ChainServerSide | null;
  /** Towards the origin; null for the last hop. */
  client: ChainClientSide | null;
  /** Only of a middlebox, which forwards packets and knows no requests: its idle timeout, and whether TCP keepalive refreshes it; null for all others. */
  middlebox: { idleTimeoutMs: ChainValue<number>; keepaliveRefreshes: boolean | null } | null;
  /**
   * What `--measure` saw, and what the configured value was that it replaced. `upperMs` null: idle connections were still open after
   * `lowerMs`, when it stopped waiting. null: not measured.
   */
  replaced: {
    idleCloseMs: MaybeChainValue<Limit>;
    observed: { url: string; lowerMs: number; upperMs: number | null };
  } | null;
  /** What the reader could not evaluate or left out, each with its place, in sentences without a full stop. */
  doubts: string[];
}

/** One way that requests take. A proxy's configuration may hold several, with different settings. */
export interface Chain {
  /** Its name among the others, such as `example.org /api/`; null when there is only one. */
  route: string | null;
  /** From client to origin. */
  hops: ChainHop[];
  /**
   * Number k is about the way from hop k to hop k + 1. On the way to a middlebox it says what that box does to idle connections; behind the
   * last box it says what the two ends do.
   */
  verdicts: ChainVerdict[];
}

export interface ChainVerdict {
  /** `aligned`: the sender gives up first. `unknown`: a value that decides is not known. */
  kind: 'aligned' | 'closes-first' | 'not-reused' | 'path-forgets' | 'unknown';
  /** In one short phrase. */
  why: string;
}

export interface ChainData {
  chains: Chain[];
  /** As given: what the costs are computed for; null: not given. */
  requestsPerSecond: number | null;
  /** By how much a receiver must outlast its sender. */
  marginMs: number;
}
