import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/watch/rules/watched-address-rotated.ts';
import { watchEvent, watched } from '../watched.ts';

test.each([
  [
    'a name that no longer has the address that is connected to',
    { name: 'db.example', connectedTo: ['10.0.0.2'], resolvesTo: ['10.0.0.3', '10.0.0.4'] },
    'db.example no longer resolves to 10.0.0.2',
  ],
  [
    'a process that has gone over to another address',
    { before: '10.0.0.2:5432', now: '10.0.0.3:5432' },
    'from 10.0.0.2:5432 to 10.0.0.3:5432',
  ],
])('%s is a warning', (_, evidence, what) => {
  const given = watched({ rotated: 1 }, [watchEvent('rotated', { connection: null, evidence })]);
  expect(rule.judge(given)).toMatchObject([{ severity: 'warning', message: expect.stringContaining(what) }]);
});

test('addresses that stay are no finding', () => {
  expect(rule.judge(watched({}))).toEqual([]);
});
