import { rule as blockedReadWithoutTimeout } from '../commands/sockets/rules/blocked-read-without-timeout.ts';
import { rule as halfOpenSuspected } from '../commands/sockets/rules/half-open-suspected.ts';
import { rule as heldByForkedChild } from '../commands/sockets/rules/held-by-forked-child.ts';
import { rule as keepaliveLaterThanMiddlebox } from '../commands/sockets/rules/keepalive-later-than-middlebox.ts';
import { rule as keepaliveMissingOnLiveSocket } from '../commands/sockets/rules/keepalive-missing-on-live-socket.ts';
import { keepaliveFacts } from '../keepalive/facts.ts';
import { rules as keepaliveRules } from '../keepalive/rules/registry.generated.ts';
import { type Finding, judge as judgeBy, type Rule } from '../report/finding.ts';
import type { Facts } from './facts.ts';

const rules: Rule<Facts>[] = [
  halfOpenSuspected,
  blockedReadWithoutTimeout,
  keepaliveMissingOnLiveSocket,
  keepaliveLaterThanMiddlebox,
  heldByForkedChild,
];

/** Holds all rules against what is known about one subject. */
export function judge(facts: Facts): Finding[] {
  const { subject, middleboxes, liveSockets } = facts;
  const liveConnections = (liveSockets ?? []).some(({ risk }) => risk !== null);
  return [
    ...rules.flatMap((rule) => rule.judge(facts).map((judgement) => ({ rule: rule.id, subject, ...judgement }))),
    ...judgeBy(keepaliveRules, subject, keepaliveFacts({ middleboxes, liveConnections })),
  ];
}
