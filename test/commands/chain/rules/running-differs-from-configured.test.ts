import { expect, test } from 'vitest';
import type { ChainHop } from '../../../../src/commands/chain/report.ts';
import { rule } from '../../../../src/commands/chain/rules/running-differs-from-configured.ts';
import type { Limit } from '../../../../src/knowledge/hop.ts';
import { appHop, hopFacts, inFile, NOT_KNOWN, pairFacts, proxyHop } from '../hops.ts';

const url = 'http://10.0.0.5/';
const measured = (configuredMs: Limit, lowerMs: number, upperMs: number | null): ChainHop =>
  appHop(
    {},
    {
      replaced: {
        idleCloseMs: inFile(configuredMs, 'nginx.conf:7', 'keepalive_timeout'),
        observed: { url, lowerMs, upperMs },
      },
    },
  );

test('a server that closes at another time than its configuration says is a warning that names both', () => {
  expect(rule.judge(hopFacts(measured(75_000, 64_900, 65_010)))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        configured: '1 m 15 s',
        configuredBy: 'nginx.conf:7 keepalive_timeout',
        measuredLowerMs: 64_900,
        measuredUpperMs: 65_010,
        url,
      },
      remedy: [],
    },
  ]);
});

test.each<[Limit, number, number | null, number]>([
  [2000, 2100, 3000, 0], // gunicorn looks once a second
  [2000, 3600, 3700, 1],
  [5000, 5000, 6400, 0],
  [75_000, 74_900, 75_300, 0],
  [75_000, 71_000, 71_240, 1],
  [75_000, 78_760, 79_000, 1],
  [75_000, 60_000, null, 0], // it was not waited for long enough
  [75_000, 120_000, null, 1],
  ['never', 120_000, null, 0],
  ['never', 65_000, 65_100, 1],
])('configured %s, measured %d to %s: %d findings', (configured, lower, upper, count) => {
  expect(rule.judge(hopFacts(measured(configured, lower, upper)))).toHaveLength(count);
});

test.each([
  ['nothing was measured', hopFacts(appHop())],
  [
    'it is not known what was configured',
    hopFacts(appHop({}, { replaced: { idleCloseMs: NOT_KNOWN, observed: { url, lowerMs: 1, upperMs: 2 } } })),
  ],
  ['two hops are judged together', pairFacts(proxyHop(), appHop())],
])('says nothing when %s', (_, facts) => {
  expect(rule.judge(facts)).toEqual([]);
});
