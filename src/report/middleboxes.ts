/** What `middleboxes` returns. */

export interface MiddleboxPreset {
  id: string;
  name: string;
  vendor: string;
  kind: 'firewall' | 'nat' | 'cloud-nat' | 'l4-lb' | 'l7-proxy' | 'cni' | 'vpn';
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

export interface MiddleboxesData {
  search: string | null;
  presets: MiddleboxPreset[];
}
