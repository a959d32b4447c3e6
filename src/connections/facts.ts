/** What the rules of connections judge by. */
import { DAY_MS } from '../base/units.ts';
import type { Certificate, Connect, ConnectAttempt, Dropper, EarlyEnd, Ping, Survival } from './observation.ts';

/** What came of connecting to one endpoint. */
export interface Connection extends Connect {
  host: string;
  /** null: the name has no address. */
  address: string | null;
  port: number;
  attempts: readonly ConnectAttempt[];
}

/** What is known about one endpoint. null throughout: not known or not part of the question, so no rule concludes anything from it. */
export interface EndpointFacts {
  connection: Connection | null;
  ping: Ping | null;
  /** What the server presented, and what to hold it against. */
  certificate: {
    presented: Certificate;
    /** Whether the user said that an untrusted certificate is no obstacle. */
    excused: boolean;
    /** How much of its life a certificate must have left. */
    marginMs: number;
  } | null;
  /** null also when the connection did not end by itself. */
  ended: EarlyEnd;
  survival: Survival | null;
  dropper: Dropper | null;
}

/** How much of its life a certificate must have left, unless the user says otherwise. */
export const CERTIFICATE_MARGIN_MS = 14 * DAY_MS;

/** Facts of which nothing is known but what is given. */
export function endpointFacts(known: Partial<EndpointFacts>): EndpointFacts {
  return { connection: null, ping: null, certificate: null, ended: null, survival: null, dropper: null, ...known };
}
