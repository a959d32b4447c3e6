import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/measure/rules/directions-differ.ts';
import { measured } from '../measured.ts';

const holds = { idleTimeout: { lowerMs: 600_000, upperMs: null, outcome: 'alive' }, endedBy: null } as const;
const forgets = { idleTimeout: { lowerMs: 299_000, upperMs: 301_000, outcome: 'stalled' }, endedBy: 'path' } as const;
const judge = (own: object, farEnd: object) =>
  rule.judge(measured({ direction: 'both', ...own, farEndFirst: { ...measured(), ...farEnd } }));

test('a far end that is lost while this side still gets through is a warning with both brackets', () => {
  expect(judge(holds, forgets)).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        lostFromMs: 301_000,
        otherSideAliveUpToMs: 600_000,
        thisSideFirst: 'none up to 10 m',
        farEndFirst: '4 m 59 s to 5 m 1 s',
      },
      remedy: [
        '# who waits for the far end to speak waits in vain: let this side send something before that,',
        '# keepalive where it refreshes the path, or a heartbeat',
      ],
    },
  ]);
});

test('the other way round it is the far end that has to send something', () => {
  const [found] = judge(forgets, holds);
  expect(found?.message).toContain('this side no longer reaches the far end');
  expect(found?.remedy.join()).toContain('let the far end send');
});

test.each([
  ['the brackets meet', forgets, forgets],
  ['nothing died', holds, holds],
  ['the side that holds was closed by the peer', { ...holds, endedBy: 'peer' }, forgets],
  [
    'the side that holds was not tried for that long',
    { ...holds, idleTimeout: { ...holds.idleTimeout, lowerMs: 200_000 } },
    forgets,
  ],
])('there is none when %s', (_, own, farEnd) => {
  expect(judge(own, farEnd)).toEqual([]);
});

test('there is none when only one side spoke first', () => {
  expect(rule.judge(measured())).toEqual([]);
});
