import type { EndpointFacts } from '../../connections/facts.ts';
import type { KeepaliveAnswer } from '../../connections/observation.ts';
import type { KeepaliveFacts } from '../../keepalive/facts.ts';
import type { RefusedSetting } from '../../report/values.ts';

/** What is known about one target: what was seen of the endpoint, and the settings that its connection had. */
export interface CheckFacts extends EndpointFacts, KeepaliveFacts {
  /** Settings that the kernel refused to put on the socket. */
  refused: readonly RefusedSetting[];
  answer: KeepaliveAnswer;
}
