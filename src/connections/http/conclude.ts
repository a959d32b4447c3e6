import { oneLine } from '../applications/conversation.ts';
import type { ConnectAttempt } from '../observation.ts';
import type { HttpObservation } from './observation.ts';
import { headerValues, PERSISTENCE_WORDS, readHint } from './persistence.ts';
import type { HttpPlan, Known } from './plan.ts';
import { judgeRace } from './reuse-race.ts';
import { summariseIdle } from './summarise-idle-closes.ts';

/** What a probe came to. */
export interface HttpProbe {
  observation: HttpObservation;
  /** The host that was asked in the end, behind redirects. */
  host: string;
  attempts: readonly ConnectAttempt[];
  /** What was asked for and is not known, with the reason. That nothing can idle where nothing is kept is none of it. */
  gaps: { what: string; reason: string }[];
  interrupted: boolean;
}

/** Makes the answer of what is known in the end. */
export function conclude(plan: HttpPlan, known: Known): HttpProbe {
  const observation = describe(plan, known);
  return {
    observation,
    host: known.target.host,
    attempts: known.connect?.attempts ?? [],
    gaps: gapsIn(plan, known, observation),
    interrupted: known.interrupted,
  };
}

function describe(plan: HttpPlan, known: Known): HttpObservation {
  const { target, connect, response, redirects, persistence, exchanges, reuse, certificate } = known;
  const samples = known.idled.map(({ sample }) => sample);
  const idleClose = summariseIdle(samples);
  const closeMs = idleClose?.lowerMs ?? null;
  const [first] = exchanges.slice(redirects.filter(({ followed }) => followed).length);
  const [server] = response === null ? [] : headerValues(response.rawHeaders, 'server');
  return {
    url: target.label,
    givenUrl: plan.target.label,
    method: plan.method,
    requestVersion: plan.version,
    address: connect?.address ?? null,
    port: target.port,
    connect:
      connect === null
        ? { kind: 'unresolved', durationMs: null, rttMs: null, error: known.unresolved }
        : { kind: connect.kind, durationMs: connect.durationMs, rttMs: known.rttMs, error: connect.error },
    protocol: response === null ? null : `HTTP/${response.version}`,
    status: response?.status ?? null,
    statusMessage: response?.statusMessage ?? null,
    server: server === undefined ? null : oneLine(server),
    hint: response === null ? null : readHint(response.rawHeaders),
    http2Offered: known.http2Offered,
    redirects,
    persistent:
      persistence === null
        ? { value: null, why: null, also: [], detail: null }
        : { ...persistence, detail: PERSISTENCE_WORDS[persistence.why] },
    framing: first?.framing ?? null,
    reused: reuse === null ? null : reuse.requests.count > 1 ? true : reuse.requests.limited ? false : null,
    requestsPerConnection: reuse?.requests ?? null,
    idleClose,
    idleSamples: samples,
    race:
      known.race === null || closeMs === null ? null : judgeRace(known.race, closeMs, plan.race?.meanGapMs ?? closeMs),
    ...(certificate === null ? {} : { certificate }),
    exchanges,
    doubts: known.doubts,
  };
}

/** Reports whether why there is no response is a finding already: rules judge names, connections and certificates. */
function saidByFinding({ connect, unresolved, certificate, http2Offered }: Known): boolean {
  if (unresolved !== null) return true;
  if (connect === null || connect.kind === 'unmeasured') return false;
  return connect.kind !== 'connected' || (certificate?.kind === 'handshake-failed' && http2Offered === null);
}

function gapsIn(plan: HttpPlan, known: Known, observation: HttpObservation): HttpProbe['gaps'] {
  const { failure, reuse, persistence } = known;
  if (failure !== null) return saidByFinding(known) ? [] : [{ what: 'response', reason: failure }];
  const gaps: HttpProbe['gaps'] = [];
  if (persistence?.value === true && reuse === null)
    gaps.push({ what: 'requests per connection', reason: 'interrupted' });
  if (reuse !== null && reuse.stopped !== null && reuse.requests.count === 1)
    gaps.push({ what: 'reuse of the connection', reason: reuse.stopped });
  if (persistence?.value !== true || plan.idle === null) return gaps;
  const { idleClose, idleSamples } = observation;
  if (idleClose === null || idleClose.outcome === 'unmeasured') {
    const unknown = idleSamples.find(({ outcome }) => outcome === 'unmeasured');
    gaps.push({ what: 'idle close', reason: unknown?.reason ?? unknown?.error ?? 'interrupted' });
  }
  const reason = plan.race === null ? null : whyNoRace(plan, known, observation);
  return reason === null ? gaps : [...gaps, { what: 'race', reason }];
}

/** null: the race is known. */
function whyNoRace({ libc }: HttpPlan, { interrupted }: Known, { race }: HttpObservation): string | null {
  if (race === null) {
    if (libc === null) return 'this platform does not tell when an end arrives';
    return interrupted ? 'interrupted' : 'the server closed no idle connection, so that there is nothing to race with';
  }
  if (race.windowMs !== null) return null;
  return race.samples.find(({ error }) => error !== null)?.error ?? 'too few requests were answered or failed';
}
