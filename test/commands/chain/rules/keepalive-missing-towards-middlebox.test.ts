import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/chain/rules/keepalive-missing-towards-middlebox.ts';
import type { Limit } from '../../../../src/knowledge/hop.ts';
import { facts, socketLines } from '../../../policy/facts.ts';
import { appHop, boxHop, given, joint, NOT_KNOWN, proxyHop } from '../hops.ts';

const never = given<'never'>('never');
const box = boxHop(350_000);

test('a box that forgets what both ends let idle is an error; a shorter pool or probes help', () => {
  const known = joint(proxyHop({ poolIdleMs: never }), appHop({ idleCloseMs: never }), { boxes: [box] });
  expect(rule.judge(facts({ joint: known }))).toEqual([
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
        'sender pool-idle 340000',
        '# or',
        '# in the configuration of proxy, given as given: send keepalive probes',
        'sender tcp-keepalive',
        '# or',
        '# in the configuration of app, given as given: send keepalive probes',
        'receiver tcp-keepalive',
      ],
    },
  ]);
});

test('probes that come too late are named with their time', () => {
  const slow = given({ idleMs: 7_200_000, intervalMs: 75_000, count: 9 });
  const known = joint(proxyHop({ poolIdleMs: never, tcpKeepalive: slow }), appHop({ idleCloseMs: given(400_000) }), {
    boxes: [box],
  });
  expect(rule.judge(facts({ joint: known }))).toMatchObject([
    { message: expect.stringMatching(/for up to 6 m 40 s; the first probe of proxy goes after 2 h, app sends no TCP/) },
  ]);
});

test('where no syntax is known the socket options are the answer', () => {
  const known = joint(proxyHop({ poolIdleMs: never }), appHop({ idleCloseMs: never }), {
    boxes: [box],
    write: () => [],
  });
  expect(rule.judge(facts({ joint: known }))).toMatchObject([{ remedy: socketLines(115, 15, 4, 175_000) }]);
});

test('a box whose timer no probe reaches leaves the pool only', () => {
  const known = joint(proxyHop({ poolIdleMs: never }), appHop({ idleCloseMs: never }), {
    boxes: [boxHop(350_000, false)],
  });
  const [finding] = rule.judge(facts({ joint: known }));
  expect(finding?.message).toContain('TCP keepalive does not reach its timer');
  expect(finding?.remedy.filter((line) => !line.startsWith('#'))).toEqual(['sender pool-idle 340000']);
});

test('a wait for a response that is longer than the box remembers is a warning, which only probes help', () => {
  const waits = (ms: number | 'never', rest = {}) =>
    rule.judge(
      facts({
        joint: joint(proxyHop({ responseTimeoutMs: given(ms, 'response-timeout'), ...rest }), appHop(), {
          boxes: [box],
        }),
      }),
    );
  expect(waits(600_000)).toMatchObject([
    {
      severity: 'warning',
      remedy: [
        '# in the configuration of proxy, given as given: send keepalive probes',
        'sender tcp-keepalive',
        '# or',
        '# in the configuration of app, given as given: send keepalive probes',
        'receiver tcp-keepalive',
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
  const found = rule.judge(facts({ joint: joint(sender, receiver, { boxes: [box] }) }));
  expect(found).toMatchObject([
    { severity: 'warning', message: expect.stringContaining(', unless app sends TCP keepalive, which is not known') },
  ]);
});

test.each([
  ['the pool gives up in time', joint(proxyHop(), appHop({ idleCloseMs: never }), { boxes: [box] })],
  [
    'it is not known how long the pool keeps connections',
    joint(proxyHop({ poolIdleMs: NOT_KNOWN }), appHop({ idleCloseMs: never }), { boxes: [box] }),
  ],
  ['there is no box', joint(proxyHop({ poolIdleMs: never }), appHop({ idleCloseMs: never }))],
  ['there is no chain', null],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(facts({ joint: known }))).toEqual([]);
});
