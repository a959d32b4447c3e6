import { describe, expect, test } from 'vitest';
import { rule } from '../../../../src/commands/measure/rules/path-idle-timeout.ts';
import { namespaceLines, socketLines } from '../../../keepalive/facts.ts';
import { measured, UNMEASURED } from '../measured.ts';

test('a measured timeout is a warning with the bracket, the candidates and the lines that live with it', () => {
  expect(rule.judge(measured({ librarySwitches: ['# libpq', 'keepalives=1'] }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        lowerMs: 299_000,
        upperMs: 301_000,
        outcome: 'stalled',
        keepaliveRefreshes: true,
        candidates: ['some-box'],
        falseDeathProbability: '2.0e-7',
      },
      remedy: [...socketLines(95, 15, 4, 155_000), '# libpq', 'keepalives=1', ...namespaceLines(95, 15, 4)],
    },
  ]);
});

test('a RST is named', () => {
  const [found] = rule.judge(measured({ idleTimeout: { lowerMs: 1000, upperMs: 2000, outcome: 'reset' } }));
  expect(found?.message).toContain('answers what comes later with a RST');
});

test.each([
  ['that keepalive does not refresh', measured({ keepaliveRefreshes: false })],
  [
    'that is too short for whole seconds',
    measured({ idleTimeout: { lowerMs: 6000, upperMs: 6900, outcome: 'stalled' } }),
  ],
])('a path %s gets a heartbeat proposed instead', (_, known) => {
  const [found] = rule.judge(known);
  expect(found?.remedy.join('\n')).toContain('heartbeat every');
  expect(found?.remedy.join('\n')).not.toContain('setsockopt');
  for (const line of found?.remedy ?? []) expect(line.length).toBeLessThanOrEqual(76);
});

test.each([
  ['nothing was measured', UNMEASURED],
  ['nobody ended anything', measured({ endedBy: null })],
  ['the peer did', measured({ endedBy: 'peer' })],
  ['nothing died', measured({ idleTimeout: { lowerMs: 1000, upperMs: null, outcome: 'alive' } })],
])('there is none when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});

describe('when the far end speaks first', () => {
  const farEnd = measured({ idleTimeout: { lowerMs: 300_500, upperMs: 302_000, outcome: 'stalled' } });
  const messagesOf = (known: ReturnType<typeof measured>) => rule.judge(known).map(({ message }) => message);

  test('the lines say at which end they were tried', () => {
    const [found] = rule.judge(measured({ direction: 'server' }));
    expect(found?.remedy).toEqual([
      "# at this end, whose probes were tried; the far end's were not:",
      ...socketLines(95, 15, 4, 155_000),
      ...namespaceLines(95, 15, 4),
    ]);
  });

  test('what it says is what does not arrive', () => {
    expect(messagesOf(measured({ direction: 'server' }))).toEqual([
      expect.stringContaining('what the far end says first then does not arrive'),
    ]);
  });

  test('brackets of both sides that meet are one timeout', () => {
    expect(messagesOf(measured({ direction: 'both', farEndFirst: farEnd }))).toEqual([
      expect.stringMatching(/^the path forgets .* in silence, whichever side it comes from$/),
    ]);
  });

  test('brackets of both sides that do not meet are two, with one set of lines', () => {
    const later = { ...farEnd, idleTimeout: { lowerMs: 600_000, upperMs: 602_000, outcome: 'stalled' } } as const;
    const found = rule.judge(measured({ direction: 'both', farEndFirst: later }));
    expect(found.map(({ remedy }) => remedy.length > 0)).toEqual([true, false]);
    expect(found.map(({ message }) => message)).toEqual([
      expect.stringMatching(/in silence, when it comes from this side$/),
      expect.stringMatching(/more than 10 m, .* what the far end says first then does not arrive$/),
    ]);
  });

  test('a side that was not ended by the path is not mentioned', () => {
    const holds = { idleTimeout: { lowerMs: 1000, upperMs: null, outcome: 'alive' }, endedBy: null } as const;
    expect(messagesOf(measured({ ...holds, direction: 'both', farEndFirst: farEnd }))).toHaveLength(1);
  });
});
