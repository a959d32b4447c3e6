import type { Finding } from '../report.ts';
import type { Facts } from './facts.ts';
import { rules } from './rules/index.ts';

/** Holds all rules against what is known about one subject. */
export function judge(facts: Facts): Finding[] {
  return Object.entries(rules).flatMap(([rule, conclude]) =>
    conclude(facts).map((judgement) => ({ rule, subject: facts.subject, ...judgement })),
  );
}
