import type { HttpIdleSample } from '../../src/connections/http/observation.ts';
import type { Certificate, Survival, SurvivalArm } from '../../src/connections/observation.ts';
import {
  type Connection,
  type Facts,
  factsAbout,
  type HttpFacts,
  type MeasuredTimeout,
} from '../../src/policy/facts.ts';

export { middlebox, namespaceLines, settings, socketLines } from '../keepalive/facts.ts';

/** What is known about `h:1`: nothing but what is given. */
export function facts(known: Partial<Facts>): Facts {
  return { ...factsAbout('h:1'), ...known };
}

/** A connection made to 10.0.0.5:5432 in 3 ms. */
export function connection(different: Partial<Connection> = {}): Connection {
  return {
    kind: 'connected',
    host: 'db.example',
    address: '10.0.0.5',
    port: 5432,
    durationMs: 3,
    rttMs: 1.2,
    error: null,
    attempts: [],
    ...different,
  };
}

/** The certificate of a server that is trusted, with 60 of its 90 days left. */
export function certificate(
  different: Partial<Extract<Certificate, { kind: 'presented' }>> = {},
): Extract<Certificate, { kind: 'presented' }> {
  return {
    kind: 'presented',
    subject: 'CN=h',
    issuer: 'CN=Some CA',
    validFrom: '2026-01-01T00:00:00.000Z',
    validTo: '2026-04-01T00:00:00.000Z',
    remainingMs: 60 * DAY_MS,
    lifetimeMs: 90 * DAY_MS,
    trusted: true,
    error: null,
    protocol: 'TLSv1.3',
    ...different,
  };
}

export const DAY_MS = 86_400_000;

/** An arm that idled for ten minutes and lives. */
export function arm(different: Partial<SurvivalArm> = {}): SurvivalArm {
  return {
    arm: 'silent',
    outcome: 'alive',
    idleMs: 600_000,
    atMs: 601_000,
    unprovoked: false,
    error: null,
    probeCount: 1,
    tcpInfo: null,
    detail: 'answered',
    ...different,
  };
}

/** Connections that were left alone for ten minutes, which a middlebox ended. */
export function survival(different: Partial<Survival> = {}): Survival {
  return {
    idleMs: 600_000,
    arms: [],
    cause: 'middlebox',
    freshConnect: 'connected',
    conclusion: 'some conclusion',
    falseStallProbability: 6e-7,
    ...different,
  };
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
