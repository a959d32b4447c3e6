import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/measure/rules/peer-closes-first.ts';
import { measured, UNMEASURED } from '../measured.ts';

const closed = { lowerMs: 4990, upperMs: 5010, outcome: 'closed' } as const;

test('a peer that closes first is named with its time, and what to do', () => {
  expect(rule.judge(measured({ endedBy: 'peer', idleTimeout: closed }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { firstEndedAfterMs: 4990, lastEndedAfterMs: 5010, outcome: 'closed', warmup: null },
      remedy: [
        '# most servers wait longer after a first request: name the protocol,',
        '--warmup http',
        '# or give the target as a URL whose scheme is the protocol',
        '# and let no pooled connection idle that long:',
        '# pool idle below 5 s',
      ],
    },
  ]);
});

test('no request is proposed where one was made', () => {
  const [found] = rule.judge(
    measured({ endedBy: 'peer', warmup: 'http', idleTimeout: { ...closed, outcome: 'reset' } }),
  );
  expect(found?.message).toContain('resets (RST)');
  expect(found?.remedy.join('\n')).not.toContain('--warmup');
});

test.each([
  ['nothing was measured', UNMEASURED],
  ['the path did it', measured()],
])('there is none when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
