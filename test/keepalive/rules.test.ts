import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeepaliveFacts } from '../../src/keepalive/facts.ts';
import { recommendKeepalive } from '../../src/keepalive/keepalive.ts';
import { rules as keepaliveRules } from '../../src/keepalive/rules/registry.generated.ts';
import { type Finding, judge as judgeBy } from '../../src/report/finding.ts';
import { facts, middlebox, settings } from './facts.ts';

const judge = (known: KeepaliveFacts): Finding[] => judgeBy(keepaliveRules, 'h:1', known);

describe('the rules of keepalive', () => {
  test('find nothing when nothing is known', () => {
    expect(judge(facts())).toEqual([]);
  });

  test('find nothing wrong with a connection whose keepalive outlives the middlebox', () => {
    const known = facts({ settings: settings(), middleboxes: [middlebox()] });
    expect(judge(known).filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  test('say what is wrong before they say how long a dead peer goes unnoticed', () => {
    const found = judge(facts({ settings: settings({ idleMs: 7_200_000 }), middleboxes: [middlebox()] }));
    expect(found.map(({ rule, subject }) => [rule, subject])).toEqual([
      ['keepalive-slower-than-middlebox', 'h:1'],
      ['dead-peer-noticed-after', 'h:1'],
    ]);
  });

  test('draw nothing from middleboxes alone, without settings or connections to hold against them', () => {
    const refreshes = fc.constantFrom(true, false, null);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1000, max: 1e10 }), refreshes)), (boxes) => {
        const middleboxes = boxes.map(([idleTimeoutMs, keepaliveRefreshes]) =>
          middlebox({ idleTimeoutMs, keepaliveRefreshes }),
        );
        expect(judge(facts({ middleboxes }))).toEqual([]);
      }),
    );
  });

  test('find nothing wrong with what it recommends, for any timeout that it has a recommendation for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 18_000, max: 500_000_000 }), (idleTimeoutMs) => {
        const recommended = recommendKeepalive(idleTimeoutMs) ?? {};
        const known = facts({ settings: settings(recommended), middleboxes: [middlebox({ idleTimeoutMs })] });
        const wrong = judge(known).filter(({ severity }) => severity !== 'info');
        // Below half a minute keepalive is the wrong tool, however it is set.
        const expected = idleTimeoutMs < 30_000 ? ['middlebox-forgets-too-soon'] : [];
        expect(wrong.map(({ rule }) => rule)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('every finding is complete: a sentence, and lines that can be pasted', () => {
    const milliseconds = fc.integer({ min: 1, max: 40_000 }).map((seconds) => seconds * 1000);
    const keepalive = fc.record({
      enabled: fc.boolean(),
      idleMs: milliseconds,
      intervalMs: milliseconds,
      count: fc.integer({ min: 1, max: 127 }),
      userTimeoutMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1e9 })),
    });
    const basis = fc.constantFrom('measured' as const, 'planned' as const, 'sysctl' as const);
    const idle = fc.boolean();
    fc.assert(
      fc.property(
        keepalive,
        basis,
        idle,
        milliseconds,
        fc.constantFrom(true, false, null),
        (values, kind, mine, timeoutMs, refreshes) => {
          const found = judge(
            facts({
              settings: settings(values, { basis: kind, inherited: { idle: mine, interval: mine, count: mine } }),
              middleboxes: [middlebox({ idleTimeoutMs: timeoutMs, keepaliveRefreshes: refreshes })],
            }),
          );
          for (const { message, remedy, evidence } of found) {
            const everything = [message, ...remedy, JSON.stringify(evidence)].join('\n');
            expect(everything).not.toMatch(/NaN|undefined|Infinity|\[object/);
            expect(message).toMatch(/^[a-zA-Z].*[^.]$/);
            expect(remedy.every((line) => line.trim() !== '' && !line.includes('\n'))).toBe(true);
            expect(everything.replaceAll('\n', '')).toMatch(/^[\x20-\x7e]*$/);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
