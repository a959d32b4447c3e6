/** What can be wrong: a rule is one thing that can, a finding is that it is. */

export const SEVERITIES = ['info', 'warning', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Reports whether `severity` is as grave as `threshold` or graver. */
export function atLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(threshold);
}

/** What can stand in a finding's evidence. */
export type EvidenceValue = string | number | boolean | null | readonly string[];

/** What a rule concludes about a subject. */
export interface Judgement {
  severity: Severity;
  message: string;
  /** Measured and given values; the unit is in the name. */
  evidence: Record<string, EvidenceValue>;
  /** Lines to paste, each complete; a line that starts with `#` explains those after it. */
  remedy: string[];
}

/** One judgement with the rule that made it and the subject that it is about. */
export interface Finding extends Judgement {
  rule: string;
  subject: string;
}

/** One thing that can be wrong, judged by facts of one room. The file of a rule is named after its id and exports it as `rule`. */
export interface Rule<Facts> {
  id: string;
  /** What is wrong, in one line without a full stop. */
  title: string;
  /** Markdown: what it means, why it happens, how kaprobe knows (the premises too), what to do, sources. */
  explain: string;
  /** Among findings of one severity those of a lower rank come first; left out: 0. A cause goes before its consequences. */
  rank?: number;
  /** No judgement: it is not wrong, or not known. Pure: the same facts give the same judgements. */
  judge(facts: Facts): Judgement[];
}

/** Holds rules against what is known about one subject. */
export function judge<Facts>(rules: readonly Rule<Facts>[], subject: string, facts: Facts): Finding[] {
  return [...rules]
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
    .flatMap((rule) => rule.judge(facts).map((judgement) => ({ rule: rule.id, subject, ...judgement })));
}

/** The same, the gravest first; the order within one severity stays. For findings of several lists of rules. */
export function gravestFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
}
