import { UsageError } from '../../base/errors.ts';
import { quoted } from '../../base/quoted.ts';
import { didYouMean } from '../../base/suggest.ts';
import type { Rule } from '../../report/finding.ts';
import type { Outcome } from '../../report/report.ts';
import { ruleFolders } from '../../rules.generated.ts';
import { defineRoom } from '../room.ts';
import type { ExplainData } from './report.ts';

const EXAMPLES = `
Examples:
  kaprobe explain
  kaprobe explain keepalive-off
  kaprobe explain keepalive-off --format json`;

type Explained = Pick<Rule<never>, 'id' | 'title' | 'explain'>;

const folders: Readonly<Record<string, () => Promise<readonly Explained[]>>> = ruleFolders;

/** Prints what stands behind a finding, or lists the rules that findings come from. Loads only what it prints. */
export const room = defineRoom({
  view: async () => (await import('./text.ts')).view,
  declare: (command) =>
    command
      .description(
        'Explains a finding: what it means, why it happens, how kaprobe knows, what to do, and the sources. Without RULE it lists all rules.',
      )
      .argument('[rule]', 'the name of a rule, as findings have it')
      .addHelpText('after', EXAMPLES),

  async run([id]): Promise<Outcome<ExplainData>> {
    return { data: id === undefined ? await listRules() : await explainRule(id), findings: [], gaps: [] };
  },
});

async function listRules(): Promise<ExplainData> {
  const loaded = await Promise.all([...new Set(Object.values(folders))].map((load) => load()));
  const rules = loaded.flat().map(({ id, title }) => ({ id, title }));
  return { kind: 'list', rules: rules.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

async function explainRule(id: string): Promise<ExplainData> {
  const load = Object.hasOwn(folders, id) ? folders[id] : undefined;
  const rule = (await load?.())?.find((each) => each.id === id);
  if (rule === undefined) {
    const guess = didYouMean(id, Object.keys(folders));
    throw new UsageError(
      `there is no rule ${quoted(id)}`,
      `${guess === null ? '' : `${guess} `}see kaprobe explain for all of them`,
    );
  }
  return { kind: 'rule', id, title: rule.title, explain: rule.explain };
}
