import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/chain/rules/keepalive-missing-towards-middlebox.ts';
import type { Limit } from '../../../../src/knowledge/hop.ts';
import { socketLines } from '../../../keepalive/facts.ts';
import { appHop, boxHop, given, hopFacts, lines, NOT_KNOWN, pairFacts, proxyHop } from '../hops.ts';

const never = given<'never'>('never');
const box = boxHop(350_000);
const nginx = { kind: 'stack', id: 'nginx' } as const;
const syntax = { sender: nginx, receiver: nginx };
/** What is recommended for a box that forgets after 350 s. */
const PROBES = { enabled: true, idleMs: 115_000, intervalMs: 15_000, count: 4, userTimeoutMs: 175_000 };

test('a box that forgets what both ends let idle is an error; a shorter pool or probes help', () => {
  const known = pairFacts(proxyHop({ poolIdleMs: never }), appHop({ idleCloseMs: never }), { boxes: [box], syntax });
  expect(rule.judge(known)).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: {
        middleboxIdleTimeoutMs: 350_000,
        middleboxIdleTimeoutSetBy: 'given',
        idlesFor: 'no limit',
        keepaliveRefreshes: true,
      },
      remedy: [
        '# in the configuration of proxy, given as given: give idle connections up before box',
        ...lines('sender', { set: 'pool-idle', ms: 340_000 }),
        '# or',
        '# in the configuration of proxy, given as given: send keepalive probes',
        ...lines('sender', { set: 'tcp-keepalive', keepalive: PROBES }, syntax),
        '# or',
        '# in the configuration of app, given as given: send keepalive probes',
        ...lines('receiver', { set: 'tcp-keepalive', keepalive: PROBES }, syntax),
      ],
    },
  ]);
});

test('probes that come too late are named with their time', () => {
  const slow = given({ idleMs: 7_200_000, intervalMs: 75_000, count: 9 });
  const known = pairFacts(
    proxyHop({ poolIdleMs: never, tcpKeepalive: slow }),
    appHop({ idleCloseMs: given(400_000) }),
    {
      boxes: [box],
    },
  );
  expect(rule.judge(known)).toMatchObject([
    { message: expect.stringMatching(/for up to 6 m 40 s; the first probe of proxy goes after 2 h, app sends no TCP/) },
  ]);
});

test('where no syntax is known the socket options are the answer', () => {
  const known = pairFacts(proxyHop({ poolIdleMs: never }), appHop({ idleCloseMs: never }), {
    boxes: [box],
    syntax: { sender: null, receiver: null },
  });
  expect(rule.judge(known)).toMatchObject([{ remedy: socketLines(115, 15, 4, 175_000) }]);
});

test('a box whose timer no probe reaches leaves the pool only', () => {
  const known = pairFacts(proxyHop({ poolIdleMs: never }), appHop({ idleCloseMs: never }), {
    boxes: [boxHop(350_000, false)],
  });
  const [finding] = rule.judge(known);
  expect(finding?.message).toContain('TCP keepalive does not reach its timer');
  expect(finding?.remedy.filter((line) => !line.startsWith('#'))).toEqual([
    ...lines('sender', { set: 'pool-idle', ms: 340_000 }),
  ]);
});

test('a wait for a response that is longer than the box remembers is a warning, which only probes help', () => {
  const waits = (ms: number | 'never', rest = {}) =>
    rule.judge(
      pairFacts(proxyHop({ responseTimeoutMs: given(ms, 'response-timeout'), ...rest }), appHop(), {
        boxes: [box],
        syntax,
      }),
    );
  expect(waits(600_000)).toMatchObject([
    {
      severity: 'warning',
      remedy: [
        '# in the configuration of proxy, given as given: send keepalive probes',
        ...lines('sender', { set: 'tcp-keepalive', keepalive: PROBES }, syntax),
        '# or',
        '# in the configuration of app, given as given: send keepalive probes',
        ...lines('receiver', { set: 'tcp-keepalive', keepalive: PROBES }, syntax),
      ],
    },
  ]);
  expect(waits('never')).toMatchObject([{ message: expect.stringContaining('without limit') }]);
  expect(waits(350_000)).toEqual([]);
  expect(waits(600_000, { tcpKeepalive: given({ idleMs: 60_000, intervalMs: 15_000, count: 4 }) })).toEqual([]);
  expect(waits(600_000, { tcpKeepalive: NOT_KNOWN })).toEqual([]);
});

test('a wait whose other end may send probes, for all that is known, is a warning that says so', () => {
  const sender = proxyHop({ responseTimeoutMs: given<Limit>('never') });
  const receiver = appHop({ tcpKeepalive: NOT_KNOWN });
  const found = rule.judge(pairFacts(sender, receiver, { boxes: [box] }));
  expect(found).toMatchObject([
    { severity: 'warning', message: expect.stringContaining(', unless app sends TCP keepalive, which is not known') },
  ]);
});

test.each([
  ['the pool gives up in time', pairFacts(proxyHop(), appHop({ idleCloseMs: never }), { boxes: [box] })],
  [
    'it is not known how long the pool keeps connections',
    pairFacts(proxyHop({ poolIdleMs: NOT_KNOWN }), appHop({ idleCloseMs: never }), { boxes: [box] }),
  ],
  ['there is no box', pairFacts(proxyHop({ poolIdleMs: never }), appHop({ idleCloseMs: never }))],
  ['one hop is judged alone', hopFacts(appHop())],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
