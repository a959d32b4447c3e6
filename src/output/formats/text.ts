import { formatDuration, plural } from '../../base/units.ts';
import { type EvidenceValue, type Finding, SEVERITIES } from '../../report/finding.ts';
import type { Gap, Report } from '../../report/report.ts';
import type { Format } from '../format.ts';
import { printableDeep } from '../printable.ts';
import { openPage, type Page, severityMark, verdictMark, visibleLength, worstOf, wrap } from '../text-layout.ts';

/** For people: the verdict first, the evidence next, the lines to paste last. */
export const format: Format = {
  summary: 'for people',
  forPeople: true,
  takesLongLists: true,
  render({ report: untrusted, view }, options) {
    const report = view.isOwnText === true ? untrusted : printableDeep(untrusted);
    const page = openPage(options);
    const blocks = [
      view.headline?.(page, report) ?? headline(page, report),
      ...view.body(page, report),
      gapLines(page, report.gaps),
      ...findingBlocks(page, report.findings),
    ];
    return `${blocks
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join('\n'))
      .join('\n\n')}\n`;
  },
  event: (event, view, options) => view.event?.(event, options) ?? '',
};

function headline(page: Page, report: Report): string[] {
  const counts = [...SEVERITIES].reverse().flatMap((severity) => {
    const count = report.findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : severity === 'info' ? [`${count} info`] : [plural(count, severity)];
  });
  if (report.gaps.length > 0) counts.push(`${report.gaps.length} not measured`);
  const summary = counts.length === 0 ? 'no findings' : counts.join(', ');
  const title = `${verdictMark(page, report.verdict, worstOf(report.findings))}  ${page.paint.strong(`kaprobe ${report.command}`)}:`;
  const fits = visibleLength(title) + 1 + summary.length <= page.width;
  return fits ? [`${title} ${summary}`] : [title, ...wrap(summary, page.width - 2).map((line) => `  ${line}`)];
}

function gapLines(page: Page, gaps: readonly Gap[]): string[] {
  const mark = page.paint.warning(`${page.glyph.unknown} not measured`);
  return gaps.flatMap(({ subject, what, reason }) => {
    const [first = '', ...rest] = wrap(`${subject}: ${what}: ${reason}`, page.width - 16);
    return [`${mark}  ${first}`, ...rest.map((line) => ' '.repeat(16) + line)];
  });
}

/** Findings, the gravest first. What several subjects have in common is said once, with all their names. */
function findingBlocks(page: Page, findings: readonly Finding[]): string[][] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.rule, finding.severity, finding.message, finding.evidence, finding.remedy]);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  const gravestFirst = [...groups.values()].sort(([a], [b]) => rank(b) - rank(a));
  return gravestFirst.map((group) => findingBlock(page, group));
}

const rank = (finding: Finding | undefined): number =>
  finding === undefined ? -1 : SEVERITIES.indexOf(finding.severity);

function findingBlock(page: Page, group: readonly Finding[]): string[] {
  const [finding] = group;
  if (finding === undefined) return [];
  const { severity, rule, message, evidence, remedy } = finding;
  const facts = Object.entries(evidence).map(([name, value]) => describeEvidence(name, value));
  const indented = (text: string): string[] => wrap(text, page.width - 2).map((line) => `  ${line}`);
  const title = `${severityMark(page, severity)}  ${page.paint.strong(rule)}`;
  const names = subjects(group);
  const fits = visibleLength(title) + 2 + names.length <= page.width;
  return [
    ...(fits ? [`${title}  ${names}`] : [title, ...indented(names)]),
    ...indented(message),
    ...(facts.length === 0 ? [] : indented(facts.join(page.glyph.separator)).map(page.paint.dim)),
    ...remedy.map((line) => `    ${line.startsWith('#') ? page.paint.dim(line) : line}`),
  ];
}

function subjects(group: readonly Finding[]): string {
  const SHOWN = 3;
  const names = group.slice(0, SHOWN).map((finding) => finding.subject);
  const more = group.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** `middleboxIdleTimeoutMs: 1800000` reads `middlebox idle timeout 30 m`. */
function describeEvidence(name: string, value: EvidenceValue): string {
  const isDuration = name.endsWith('Ms') && typeof value === 'number';
  const words = name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  if (isDuration) return `${words} ${formatDuration(value)}`;
  if (value === null) return `${words} unknown`;
  return `${words} ${typeof value === 'object' ? value.join(', ') : String(value)}`;
}
