/** What the connections of a command that was watched are worth: its outgoing ones, since who connects decides about keepalive first. */

import { plural } from '../../base/units.ts';
import { keepaliveFacts } from '../../keepalive/facts.ts';
import { probePeriodMs, strictestMiddlebox } from '../../keepalive/keepalive.ts';
import { rules as keepaliveRules } from '../../keepalive/rules/registry.generated.ts';
import { type Finding, judge } from '../../report/finding.ts';
import type { Middlebox } from '../../report/values.ts';
import type { SeenConnection } from './connection-log.ts';
import type { RunFacts } from './facts.ts';
import type { RunConnection } from './report.ts';
import { rules as runRules } from './rules/registry.generated.ts';

/** Programs that switch keepalive on do it when they connect: what is off for so long is meant to be. */
const SETTLED_MS = 100;

export interface RunJudgement {
  connections: RunConnection[];
  findings: Finding[];
}

/**
 * Judges what was seen. Connections that agree in process name, far end and settings are one subject. `switchesFor`: lines that set the
 * recommended keepalive in a program of that name, as far as that tells what it is written in.
 */
export function judgeRun(
  seen: readonly SeenConnection[],
  middleboxes: readonly Middlebox[],
  switchesFor: (command: string) => readonly string[] = () => [],
): RunJudgement {
  const groups = new Map<string, SeenConnection[]>();
  for (const connection of seen.filter(isJudged)) {
    const key = JSON.stringify([describe(connection), isGlimpse(connection), connection.keepalive]);
    groups.set(key, [...(groups.get(key) ?? []), connection]);
  }
  return {
    connections: seen.map((connection) => ({ ...connection, risk: riskOf(connection, middleboxes) })),
    findings: [...groups.values()].flatMap((group) =>
      judge([...keepaliveRules, ...runRules], subjectOf(group), factsFrom(group, middleboxes, switchesFor)),
    ),
  };
}

/** Reports whether a connection is the command's own doing, and came about. */
function isJudged({ direction, state }: Pick<SeenConnection, 'direction' | 'state'>): boolean {
  return direction === 'outgoing' && state !== 'syn-sent';
}

function riskOf(connection: SeenConnection, middleboxes: readonly Middlebox[]): RunConnection['risk'] {
  const { keepalive } = connection;
  if (!isJudged(connection)) return null;
  if (!keepalive.enabled) return 'unprotected';
  const strictest = strictestMiddlebox(middleboxes);
  return strictest === null || probePeriodMs(keepalive) < strictest.idleTimeoutMs ? 'ok' : 'late';
}

function isGlimpse({ keepalive, firstSeenMs, lastSeenMs }: SeenConnection): boolean {
  return !keepalive.enabled && lastSeenMs - firstSeenMs < SETTLED_MS;
}

function describe({ command, pid, remote }: SeenConnection): string {
  return `${command ?? `process ${pid}`} to ${remote}`;
}

function subjectOf(group: readonly SeenConnection[]): string {
  const [first] = group;
  const name = first === undefined ? '' : describe(first);
  return group.length === 1 ? name : `${name} (${plural(group.length, 'connection')})`;
}

function factsFrom(
  group: readonly SeenConnection[],
  middleboxes: readonly Middlebox[],
  switchesFor: (command: string) => readonly string[],
): RunFacts {
  const [first] = group;
  if (first === undefined) return { ...keepaliveFacts({ middleboxes }), glimpsedForMs: null };
  const { keepalive, command } = first;
  const known = { middleboxes, switchesFor: () => (command === null ? [] : switchesFor(command)) };
  if (isGlimpse(first)) {
    const glimpsedForMs = Math.max(...group.map(({ firstSeenMs, lastSeenMs }) => lastSeenMs - firstSeenMs));
    return { ...keepaliveFacts(known), glimpsedForMs };
  }
  const inherited = { idle: false, interval: false, count: false };
  return {
    ...keepaliveFacts({ ...known, settings: { keepalive, basis: 'measured', inherited } }),
    glimpsedForMs: null,
  };
}
