import { type Connection, type EndpointFacts, endpointFacts } from '../../src/connections/facts.ts';
import type { Certificate, Survival, SurvivalArm } from '../../src/connections/observation.ts';

export const DAY_MS = 86_400_000;

type Known = Partial<Omit<EndpointFacts, 'certificate'>> & {
  certificate?: Certificate | null;
  excused?: boolean;
  marginMs?: number;
};

/** An endpoint of which nothing is known but what is given. */
export function facts({ certificate = null, excused = false, marginMs = 14 * DAY_MS, ...known }: Known): EndpointFacts {
  return endpointFacts({
    ...known,
    certificate: certificate === null ? null : { presented: certificate, excused, marginMs },
  });
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

/** An arm that idled for ten minutes and lives. */
export function arm(different: Partial<SurvivalArm> = {}): SurvivalArm {
  return {
    arm: 'silent',
    outcome: 'alive',
    idledForMs: 600_000,
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
    askedForMs: 600_000,
    arms: [],
    cause: 'middlebox',
    freshConnect: 'connected',
    conclusion: 'some conclusion',
    falseStallProbability: 6e-7,
    ...different,
  };
}
