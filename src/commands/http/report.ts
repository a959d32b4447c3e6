/** What `http` returns. */
import type { HttpObservation } from '../../connections/http/observation.ts';
import type { Middlebox } from '../../report/values.ts';

export interface HttpData extends HttpObservation {
  /** What the idle close was judged against. */
  senders: HttpSender[];
  middleboxes: Middlebox[];
}

/** Who sends requests to this server over connections that it keeps: it is to give them up before the server closes them. */
export interface HttpSender {
  /** `client`, `proxy`, or the id of a preset. */
  name: string;
  /** How long it keeps an idle connection; null: until the server closes it. */
  givesUpAfterMs: number | null;
}
