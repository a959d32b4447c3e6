import type { Certificate, KeepaliveAnswer, Survival } from '../../connections/observation.ts';
import { rules as connectionRules } from '../../connections/rules/registry.generated.ts';
import { idleEvidenceOf } from '../../connections/survival.ts';
import { keepaliveFacts, type Settings } from '../../keepalive/facts.ts';
import { rules as keepaliveRules } from '../../keepalive/rules/registry.generated.ts';
import { librarySwitches } from '../../knowledge/switches.ts';
import { type Finding, gravestFirst, judge, type Severity } from '../../report/finding.ts';
import { decideVerdict, type Gap } from '../../report/report.ts';
import type { Keepalive } from '../../report/values.ts';
import type { EndpointObservation } from './endpoint.ts';
import type { CheckFacts } from './facts.ts';
import type { CheckQuestion } from './question.ts';
import type { CheckedTarget, ObservedTarget } from './report.ts';
import { rules as checkRules } from './rules/registry.generated.ts';

/** One target's part of the outcome. */
export interface JudgedTarget {
  checked: CheckedTarget;
  findings: Finding[];
  interrupted: boolean;
}

/** What it is judged by, and whether probes were asked for. */
type JudgedBy = Pick<CheckQuestion, 'middleboxes' | 'certificateMarginMs' | 'probeCount'>;

/** Holds one target against the rules. `host`: what this host gives to a socket that sets only SO_KEEPALIVE; null: not known. */
export function judgeTarget(
  { seen, idleTest }: EndpointObservation,
  question: JudgedBy,
  host: Keepalive | null,
  failOn: Severity,
): JudgedTarget {
  const { target } = seen;
  const facts = factsOf(seen, question, host);
  const findings = gravestFirst([
    ...judge(connectionRules, target, facts),
    ...judge(checkRules, target, facts),
    ...judge(keepaliveRules, target, facts),
  ]);
  const missing = [
    ...gapsIn(seen, question),
    ...(idleTest.obstacle === null ? [] : [gap('idle test', idleTest.obstacle)]),
  ];
  const gaps = missing.map((part) => ({ subject: target, ...part }));
  return {
    checked: { ...seen, verdict: decideVerdict(findings, gaps, failOn), gaps },
    findings,
    interrupted: idleTest.interrupted,
  };
}

function factsOf(
  seen: ObservedTarget,
  { middleboxes, certificateMarginMs }: JudgedBy,
  host: Keepalive | null,
): CheckFacts {
  const { host: name, address, port, connect, attempts, survival, dropper, ping, ended, certificate, keepalive } = seen;
  return {
    ...keepaliveFacts({
      settings: settingsToJudge(keepalive, connect.kind === 'connected' ? host : null),
      middleboxes,
      idleEvidence: idleEvidenceOf(survival),
      switchesFor: (recommended) => librarySwitches(seen.scheme, recommended),
    }),
    connection: { ...connect, host: name, address, port, attempts },
    ping,
    certificate:
      certificate === undefined ? null : { presented: certificate, excused: false, marginMs: certificateMarginMs },
    ended,
    survival,
    dropper,
    refused: keepalive.refused,
    answer: keepalive.answer,
  };
}

type Missing = Omit<Gap, 'subject'>;

const gap = (what: string, reason: string): Missing => ({ what, reason });

function gapsIn({ connect, keepalive, certificate, survival }: ObservedTarget, { probeCount }: JudgedBy): Missing[] {
  const { kind, error } = connect;
  if (kind === 'unmeasured') return [gap('connection', `this host could not try (${error ?? 'unknown'})`)];
  if (kind !== 'connected') return [];
  return [
    ...gapIn('keepalive settings', keepalive.effective),
    ...(probeCount === null ? [] : gapIn('answer to keepalive probes', keepalive.answer)),
    ...gapIn('certificate', certificate ?? null),
    ...gapsOfSurvival(survival),
  ];
}

function gapIn(what: string, value: Keepalive | KeepaliveAnswer | Certificate | null): Missing[] {
  return value !== null && 'kind' in value && value.kind === 'unmeasured' ? [gap(what, value.reason)] : [];
}

function gapsOfSurvival(survival: Survival | null): Missing[] {
  if (survival === null) return [];
  const arms = survival.arms
    .filter(({ outcome }) => outcome === 'unmeasured')
    .map(({ arm, detail }) => gap(`idle test, ${arm} arm`, detail));
  return arms.length === 0 && survival.cause === 'unknown'
    ? [gap('who ended the idle connections', survival.conclusion)]
    : arms;
}

/** What the rules may judge: what was read back, else what was asked for over what the host would add. */
function settingsToJudge(
  { requested, effective }: ObservedTarget['keepalive'],
  host: Keepalive | null,
): Settings | null {
  const inherited = {
    idle: requested.idleMs === null,
    interval: requested.intervalMs === null,
    count: requested.count === null,
  };
  if (!('kind' in effective)) return { keepalive: effective, basis: 'measured', inherited };
  if (host === null) return null;
  const { enabled, idleMs, intervalMs, count, userTimeoutMs } = requested;
  const planned = {
    enabled,
    idleMs: idleMs ?? host.idleMs,
    intervalMs: intervalMs ?? host.intervalMs,
    count: count ?? host.count,
    userTimeoutMs: userTimeoutMs ?? 0,
  };
  return { keepalive: planned, basis: 'planned', inherited };
}
