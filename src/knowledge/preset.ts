import type { PresetMiddlebox } from '../report/values.ts';

/** What is known about a product that keeps state per connection. One file each in `middleboxes/`, named as its id. */
export interface MiddleboxPreset {
  id: string;
  name: string;
  vendor: string;
  kind: PresetMiddlebox['productKind'];
  /**
   * Only of an l7-proxy: between which ends the idle timeout holds. `client`: it and those that connect to it, `origin`: it and those that it
   * connects to, `tcp`: both, counted in bytes rather than requests. Left out: it is no idle timeout of HTTP connections.
   */
  legs?: 'both' | 'client' | 'origin' | 'tcp';
  protocol: 'tcp' | 'udp';
  /** null: no default, or none published. */
  idleTimeoutMs: number | null;
  /** Where it can be set: from and to. */
  rangeMs: readonly [number, number] | null;
  expiry: { behaviour: 'silent-drop' | 'rst' | 'fin' | 'unknown'; confidence: Confidence };
  configurableWith: string | null;
  source: { url: string | null; note: string; confidence: Confidence };
  keepalive: { refreshes: boolean | null; basis: 'read' | 'inferred-from-kind' | 'unknown' };
}

/** How a fact is known: read at a stable address, read without one, or from memory (to be checked before it is trusted). */
export type Confidence = 'verified-by-reading' | 'read-without-address' | 'recalled';
