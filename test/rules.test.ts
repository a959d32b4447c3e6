import { describe, expect, test } from 'vitest';
import type { Rule } from '../src/report/finding.ts';
import { ruleFolders } from '../src/rules.generated.ts';

const folders = [...new Set<() => Promise<readonly Omit<Rule<never>, 'judge'>[]>>(Object.values(ruleFolders))];
const rules = (await Promise.all(folders.map((load) => load()))).flat();

const LEADS = ['What it means', 'Why it happens', 'How kaprobe knows', 'What to do', 'Sources'];

/** What a title or a text lacks. */
function mistakesIn({ title, explain }: Omit<Rule<never>, 'judge'>): string[] {
  const leads = [...explain.matchAll(/^\*\*(.+?)\.\*\*/gm)].map(([, lead]) => lead);
  return [
    ...(title === '' || title.length > 90 ? [`the title has ${title.length} characters`] : []),
    ...(/\n/.test(title) ? ['the title has several lines'] : []),
    ...(title.endsWith('.') ? ['the title ends in a full stop'] : []),
    ...(leads.join() === LEADS.join() ? [] : [`the text has the leads ${leads.join(', ') || 'none'}`]),
  ];
}

describe('every rule', () => {
  test('is named in the catalogue by its id, once', () => {
    expect(rules.map(({ id }) => id).sort()).toEqual(Object.keys(ruleFolders).sort());
  });

  test('has a title of one line and an explanation with all its leads', () => {
    const wrong = rules.flatMap((rule) => mistakesIn(rule).map((mistake) => `${rule.id}: ${mistake}`));
    expect(wrong).toEqual([]);
  });
});
