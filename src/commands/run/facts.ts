import type { KeepaliveFacts } from '../../keepalive/facts.ts';

/** What is known about connections of one program to one far end with the same settings. */
export interface RunFacts extends KeepaliveFacts {
  /**
   * From the first look at a connection without keepalive to the last, where it was over too soon for its settings to count as its last: the
   * program may still have been about to switch keepalive on. null: it was watched for long enough.
   */
  glimpsedForMs: number | null;
}
