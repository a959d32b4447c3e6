import { expect, test } from 'vitest';
import { rule } from '../../../src/keepalive/rules/middlebox-refresh-unknown.ts';
import { facts, middlebox, settings } from '../facts.ts';

const unsure = middlebox({ keepaliveRefreshes: null });

test('a box of which it is not known is a warning that names its source', () => {
  expect(rule.judge(facts({ settings: settings(), middleboxes: [unsure, middlebox()] }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { middlebox: 'box', middleboxIdleTimeoutMs: 1_800_000, source: 'https://vendor.example/box' },
      remedy: [],
    },
  ]);
});

test.each([
  ['it is known that they do', settings(), [middlebox()]],
  ['it is known that they do not', settings(), [middlebox({ keepaliveRefreshes: false })]],
  ['there are no probes', settings({ enabled: false }), [unsure]],
  ['the settings are not known', null, [unsure]],
  ['no middlebox was given', settings(), []],
])('says nothing when %s', (_, known, middleboxes) => {
  expect(rule.judge(facts({ settings: known, middleboxes }))).toEqual([]);
});
