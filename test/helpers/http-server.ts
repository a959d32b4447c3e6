import type { HttpFacts } from '../../src/commands/http/facts.ts';
import type { HttpIdleSample } from '../../src/connections/http/observation.ts';

/** A server that keeps connections, promises nothing, and closed three idle ones after 5 s. */
export function httpServer(different: Partial<HttpFacts> = {}): HttpFacts {
  return {
    method: 'GET',
    status: 200,
    server: 'some/1.0',
    persistent: { value: true, why: 'http-1.1', also: [], detail: 'kept' },
    framing: 'content-length',
    hint: null,
    requestsPerConnection: { count: 100, limited: false, announced: null, localPort: 50_000 },
    idleClose: { lowerMs: 5000, upperMs: 5010, outcome: 'closed' },
    idleSamples: [5000, 5005, 5010].map((idleMs) => idleSample({ idleMs })),
    race: null,
    senders: [],
    middleboxes: [],
    ...different,
  };
}

/** A connection that the server closed after 5 s. */
export function idleSample(different: Partial<HttpIdleSample> = {}): HttpIdleSample {
  return {
    localPort: 50_001,
    outcome: 'closed',
    idleMs: 5000,
    error: null,
    lastWords: null,
    reason: null,
    ...different,
  };
}
