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

/** Rules whose texts are still being written: this list only shrinks. */
const UNWRITTEN: readonly string[] = [
  'blocked-read-without-timeout',
  'half-open-suspected',
  'held-by-forked-child',
  'keepalive-later-than-middlebox',
  'keepalive-missing-on-live-socket',
  'connections-not-reused',
  'ports-run-out',
  'time-wait-table-full',
  'keepalive-off-when-last-seen',
  'watched-address-rotated',
  'watched-connection-closed',
  'watched-connection-not-made',
  'watched-connection-reset',
  'watched-connection-stalled',
];

describe('every rule', () => {
  test('is named in the catalogue by its id, once', () => {
    expect(rules.map(({ id }) => id).sort()).toEqual(Object.keys(ruleFolders).sort());
  });

  test('has a title of one line and an explanation with all its leads', () => {
    const wrong = rules.filter((rule) => mistakesIn(rule).length > 0);
    const told = wrong.map((rule) => `${rule.id}: ${mistakesIn(rule).join('; ')}`);
    expect(told.filter((mistake) => !UNWRITTEN.includes(mistake.replace(/:.*/, '')))).toEqual([]);
  });
});
