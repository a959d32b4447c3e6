/** What `http` returns. */
import type { HttpObservation, HttpSender } from '../../connections/http/observation.ts';
import type { Middlebox } from '../../report/values.ts';

export interface HttpData extends HttpObservation {
  /** What the idle close was judged against. */
  senders: HttpSender[];
  middleboxes: Middlebox[];
}
