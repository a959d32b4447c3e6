import { type Finding, judge } from '../../report/finding.ts';
import type { Outcome } from '../../report/report.ts';
import type { CommandContext } from '../room.ts';
import type { ConfigFiles } from './config/files.ts';
import { lineUp } from './hops/line-up.ts';
import { routesThrough } from './hops/routes.ts';
import { measureHops } from './measure.ts';
import { gapsOf, judgePairs, verdictsOf } from './pairs/judged-pair.ts';
import type { ChainQuestion } from './question.ts';
import type { Chain, ChainData } from './report.ts';
import { rules } from './rules/registry.generated.ts';

/** Reads, looks up and measures the hops, and judges each pair of them on each route. Throws a UsageError or a ParseError. */
export async function judgeChain(
  question: ChainQuestion,
  files: ConfigFiles,
  context: CommandContext,
): Promise<Outcome<ChainData>> {
  const { requestsPerSecond, marginMs, nginxVersion } = question;
  const measured = await measureHops(lineUp(question.hops, { nginxVersion, files }), question.maxIdleMs, context);
  const { routes, gaps } = routesThrough(measured.hops, question.route);
  gaps.push(...measured.gaps);
  const findings: Finding[] = [];
  const chains: Chain[] = [];
  for (const { label, variants } of routes) {
    const hops = variants.map(({ hop }) => hop);
    const pairs = judgePairs(hops, marginMs);
    chains.push({ route: label, hops, verdicts: verdictsOf(hops, pairs) });
    const syntaxOf = (name: string) => variants.find(({ hop }) => hop.name === name)?.syntax ?? null;
    for (const pair of pairs) {
      const { sender, receiver } = pair;
      const subject = `${sender.name} -> ${receiver.name}${label === null ? '' : ` (${label})`}`;
      const syntax = { sender: syntaxOf(sender.name), receiver: syntaxOf(receiver.name) };
      findings.push(...judge(rules, subject, { kind: 'pair', pair, marginMs, requestsPerSecond, syntax }));
      gaps.push(...gapsOf(pair).map((gap) => ({ subject, ...gap })));
    }
    for (const hop of hops) findings.push(...judge(rules, hop.name, { kind: 'hop', hop }));
  }
  return {
    data: { chains, requestsPerSecond, marginMs },
    findings: distinct(findings),
    gaps: distinct(gaps),
  };
}

/** Routes share hops, and what is wrong with those is reported once. */
function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
