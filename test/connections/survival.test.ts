import { describe, expect, test } from 'vitest';
import type { ConnectKind, Ping, SurvivalArm, SurvivalCause } from '../../src/connections/observation.ts';
import {
  concludeSurvival,
  falseStallProbability,
  idleEvidenceOf,
  type SurvivalEvidence,
  VERDICT_PROBE_COUNT,
} from '../../src/connections/survival.ts';
import { arm, survival } from './facts.ts';

const KEEPALIVE = { enabled: true, idleMs: 60_000, intervalMs: 10_000, count: 6, userTimeoutMs: 0 };
const ANSWERED: Ping = { kind: 'answered', rttMs: 1 };
const UNANSWERED: Ping = { kind: 'unanswered', rttMs: null };
const UNPINGED: Ping = { kind: 'unmeasured', reason: 'no ping', rttMs: null };

type End = SurvivalArm['outcome'] | 'closed by itself' | 'reset by itself';

function evidence(
  silent: End,
  keepalive: End,
  freshConnect: ConnectKind | null = null,
  ping: Ping | null = null,
): SurvivalEvidence {
  const armOf = (name: SurvivalArm['arm'], end: End): SurvivalArm => {
    const [outcome = 'alive', ...byItself] = end.split(' ');
    return arm({ arm: name, outcome: outcome as SurvivalArm['outcome'], unprovoked: byItself.length > 0, atMs: 3000 }); // the types above
  };
  return {
    askedForMs: 600_000,
    arms: [armOf('silent', silent), armOf('keepalive', keepalive)],
    freshConnect,
    ping,
    keepalive: KEEPALIVE,
  };
}

describe('the cause', () => {
  test.each<[cause: SurvivalCause, why: string, SurvivalEvidence]>([
    ['none', 'all live', evidence('alive', 'alive')],
    ['middlebox', 'the silent one is silent and a new one works', evidence('stalled', 'alive', 'connected')],
    ['middlebox', 'both are silent and a new one works', evidence('stalled', 'stalled', 'connected')],
    ['middlebox', 'a probe drew a RST and a new one works', evidence('reset', 'alive', 'connected')],
    [
      'middlebox',
      'it was reset by itself, but keepalive spared its twin',
      evidence('reset by itself', 'alive', 'connected'),
    ],
    [
      'middlebox',
      'it was closed by itself, but keepalive spared its twin',
      evidence('closed by itself', 'alive', 'connected'),
    ],
    [
      'middlebox',
      'ICMP answered for the silent one and a new one works',
      evidence('unreachable', 'alive', 'connected'),
    ],
    ['peer', 'both were closed by themselves', evidence('closed by itself', 'closed by itself', 'connected')],
    [
      'peer',
      'both were reset by themselves and nothing listens any more',
      evidence('reset by itself', 'reset by itself', 'refused'),
    ],
    [
      'host-down',
      'silence, and neither a new one nor ping is answered',
      evidence('stalled', 'stalled', 'timed-out', UNANSWERED),
    ],
    [
      'host-down',
      'silence, a new one is unreachable and ping unanswered',
      evidence('stalled', 'unreachable', 'unreachable', UNANSWERED),
    ],
    ['unknown', 'silence, no new one, but ping is answered', evidence('stalled', 'stalled', 'timed-out', ANSWERED)],
    ['unknown', 'silence, no new one, and nobody could ping', evidence('stalled', 'stalled', 'timed-out', UNPINGED)],
    ['unknown', 'silence, and a new one is refused', evidence('stalled', 'stalled', 'refused', UNANSWERED)],
    ['unknown', 'a probe drew a RST and no new one works', evidence('reset', 'reset', 'refused')],
    [
      'unknown',
      'probes drew a RST on both, as a peer that was started again would answer',
      evidence('reset', 'reset', 'connected'),
    ],
    [
      'unknown',
      'a RST came by itself for the busy one while the silent one lives',
      evidence('alive', 'reset by itself', 'connected'),
    ],
    ['unknown', 'nothing was measured', evidence('unmeasured', 'unmeasured')],
    ['unknown', 'one lives and the other was not measured', evidence('alive', 'unmeasured')],
  ])('is %s when %s', (cause, _why, seen) => {
    expect(concludeSurvival(seen).cause).toBe(cause);
  });
});

test.each<[string, SurvivalEvidence]>([
  [
    'keepalive at 1 m saves this connection: without it a middlebox ends it within 10 m',
    evidence('stalled', 'alive', 'connected'),
  ],
  ['nothing dropped it within 10 m', evidence('alive', 'alive')],
  [
    'the peer itself ended the connection, 3 s after it was made: the path is only known to hold that long',
    evidence('closed by itself', 'closed by itself'),
  ],
  [
    'a middlebox ended the idle connection within 10 m, while a new one works; keepalive at 1 m does not help: it comes too late, or the middlebox is not refreshed by it',
    evidence('stalled', 'stalled', 'connected'),
  ],
])('concludes: %s', (conclusion, seen) => {
  expect(concludeSurvival(seen).conclusion).toBe(conclusion);
});

test('a living connection on a path that loses a fifth of its packets each way is as good as never called stalled', () => {
  expect(falseStallProbability(0.2, 1)).toBeCloseTo(0.36);
  expect(falseStallProbability(0.2, VERDICT_PROBE_COUNT)).toBeLessThan(1e-6);
  expect(falseStallProbability(0, VERDICT_PROBE_COUNT)).toBe(0);
  expect(falseStallProbability(1, VERDICT_PROBE_COUNT)).toBe(1);
});

describe('what the idle test shows about a middlebox', () => {
  const stalled = arm({ outcome: 'stalled', idledForMs: 590_000 });
  const spared = arm({ arm: 'keepalive' });

  test('is the silence that it did not tolerate, and whether keepalive kept the connection', () => {
    expect(idleEvidenceOf(survival({ arms: [stalled, spared] }))).toEqual({ tooLongMs: 590_000, settingsKeptIt: true });
    const lost = survival({ arms: [stalled, { ...spared, outcome: 'stalled' }] });
    expect(idleEvidenceOf(lost)).toEqual({ tooLongMs: 590_000, settingsKeptIt: false });
  });

  test('is the time asked for where the silent connection was not measured', () => {
    const unmeasured = arm({ outcome: 'unmeasured', idledForMs: null });
    expect(idleEvidenceOf(survival({ arms: [unmeasured, spared] }))).toMatchObject({ tooLongMs: 600_000 });
  });

  test('is nothing where no middlebox ended a connection', () => {
    expect(idleEvidenceOf(survival({ cause: 'peer', arms: [stalled, spared] }))).toBeNull();
    expect(idleEvidenceOf(null)).toBeNull();
  });
});
