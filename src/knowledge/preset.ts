import type { PresetMiddlebox } from '../report/values.ts';

/** What is known about a product that keeps state per connection. One file each in `middleboxes/`. */
export interface MiddleboxPreset {
  /** The name of the file that holds it. */
  id: string;
  name: string;
  vendor: string;
  kind: PresetMiddlebox['productKind'];
  /**
   * Only of an l7-proxy: between which ends the idle timeout holds. `client`: it and those that connect to it, `origin`: it and those that it
   * connects to, `tcp`: both, counted in bytes rather than requests. null: it is no idle timeout of HTTP connections.
   */
  legs: 'both' | 'client' | 'origin' | 'tcp' | null;
  protocol: 'tcp' | 'udp';
  /** null: no default, or none published. */
  idleTimeoutMs: number | null;
  /** Where it can be set: from and to. null: not at all, or not known. */
  rangeMs: readonly [number, number] | null;
  expiry: { behaviour: 'silent-drop' | 'rst' | 'fin' | 'unknown'; confidence: Confidence };
  keepalive: { refreshes: boolean | null; basis: 'read' | 'inferred-from-kind' | 'unknown' };
  /** null: not known. */
  closing: ClosingTimeouts | null;
  configurableWith: string | null;
  source: string | null;
  note: string;
  confidence: Confidence;
}

/** How a fact is known: read at a stable address, read without one, or from memory (to be checked before it is trusted). */
export type Confidence = 'verified-by-reading' | 'read-without-address' | 'recalled';

/** How long a connection is kept that is not, or no longer, established. What is left out is not known. */
interface ClosingTimeouts {
  /** Until the handshake is complete, where SYN and SYN-ACK make no difference. */
  handshakeMs?: number;
  /** After a SYN without an answer. */
  synSentMs?: number;
  /** After SYN and SYN-ACK. */
  synReceivedMs?: number;
  /** After one FIN that is not acknowledged yet. */
  finWaitMs?: number;
  /** After one FIN and its acknowledgement. 0: the other side is closed at once. */
  halfClosedMs?: number;
  /** After both FINs, while the last is not acknowledged yet. */
  lastAckMs?: number;
  /** After both FINs. */
  afterFinsMs?: number;
  afterResetMs?: number;
  /** Established, with data that stays unacknowledged. */
  unacknowledgedMs?: number;
  /** How long a NAT does not give the port away again. */
  portHeldAfterFinMs?: number;
  portHeldAfterResetMs?: number;
  /** Left out: as for the idle timeout. */
  source?: string | null;
  confidence?: Confidence;
}

type Rare = 'protocol' | 'expiry' | 'keepalive' | 'rangeMs' | 'closing' | 'configurableWith';
type Facts = Omit<MiddleboxPreset, Rare | 'id' | 'kind' | 'legs' | 'source' | 'confidence'> &
  Partial<Pick<MiddleboxPreset, Rare>> &
  (({ kind: 'l7-proxy' } & Pick<MiddleboxPreset, 'legs'>) | { kind: Exclude<MiddleboxPreset['kind'], 'l7-proxy'> }) &
  ({ source: string; confidence?: Confidence } | { confidence: Exclude<Confidence, 'verified-by-reading'> });

/**
 * Makes a preset of its facts; the id is the name of its file. What may be left out: TCP as the protocol, an end that is not known, and
 * keepalive where only the kind tells: a proxy answers probes itself, all others forward them. Every l7-proxy says its `legs`. With a source
 * and without `confidence`, the facts were read there.
 */
export function definePreset(facts: Facts): Omit<MiddleboxPreset, 'id'> {
  const { confidence = 'verified-by-reading' } = facts;
  const rare = {
    legs: null,
    protocol: 'tcp',
    rangeMs: null,
    closing: null,
    configurableWith: null,
    source: null,
  } as const;
  const expiry = { behaviour: 'unknown', confidence } as const;
  const keepalive = { refreshes: facts.kind !== 'l7-proxy', basis: 'inferred-from-kind' } as const;
  return { ...rare, expiry, keepalive, confidence, ...facts };
}
