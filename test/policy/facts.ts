import type { HttpIdleSample } from '../../src/connections/http/observation.ts';
import { type Facts, factsAbout, type HttpFacts, type MeasuredTimeout } from '../../src/policy/facts.ts';

export { arm, certificate, connection, DAY_MS, survival } from '../connections/facts.ts';
export { middlebox, namespaceLines, settings, socketLines } from '../keepalive/facts.ts';

/** What is known about `h:1`: nothing but what is given. */
export function facts(known: Partial<Facts>): Facts {
  return { ...factsAbout('h:1'), ...known };
}

/** A path that drops what idled for five minutes, and that keepalive refreshes. */
export function measured(different: Partial<MeasuredTimeout> = {}): MeasuredTimeout {
  return {
    direction: 'client',
    farEndFirst: null,
    idleTimeout: { lowerMs: 299_000, upperMs: 301_000, outcome: 'stalled' },
    endedBy: 'path',
    matches: [
      {
        id: 'some-box',
        name: 'Some Box',
        kind: 'firewall',
        keepaliveRefreshes: true,
        idleTimeoutMs: 300_000,
        expiry: 'silent-drop',
        agrees: true,
        configurableWith: null,
      },
    ],
    keepaliveRefreshes: true,
    falseDeathProbability: 2e-7,
    warmup: null,
    ...different,
  };
}

/** A server that keeps connections, promises nothing, and closed three idle ones after 5 s. */
export function http(different: Partial<HttpFacts> = {}): HttpFacts {
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
