import type { HttpData } from './report.ts';

/** What the rules of `http` judge: how one server keeps connections, who sends requests to it, and what stands on the path. */
export type HttpFacts = Pick<
  HttpData,
  | 'method'
  | 'status'
  | 'server'
  | 'persistent'
  | 'framing'
  | 'hint'
  | 'requestsPerConnection'
  | 'idleClose'
  | 'idleSamples'
  | 'race'
  | 'senders'
  | 'middleboxes'
>;
