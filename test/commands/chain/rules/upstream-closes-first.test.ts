import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/chain/rules/upstream-closes-first.ts';
import { appHop, clientHop, given, hopFacts, inFile, lines, NOT_KNOWN, pairFacts, proxyHop } from '../hops.ts';

const early = appHop({ idleCloseMs: inFile(2000, 'app.py:3', 'keepalive') });

test('a server that closes before the pool in front of it is an error, with both numbers, their lines and what to write', () => {
  expect(rule.judge(pairFacts(proxyHop({ retries: 'idempotent' }), early))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: {
        poolIdle: '1 m',
        poolIdleSetBy: 'proxy.conf:7 keepalive_timeout',
        idleCloseMs: 2000,
        idleCloseSetBy: 'app.py:3 keepalive',
        marginMs: 2000,
      },
      remedy: ['# app.py:3: let it outlast proxy', ...lines('receiver', { set: 'idle-close', ms: 65_000 })],
    },
  ]);
});

test('where every request that meets the close is sent again, it is a warning: work may be done twice', () => {
  expect(rule.judge(pairFacts(proxyHop({ retries: 'all' }), early))).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('and is sent again, be it a POST whose work') },
  ]);
});

test('where the server leaves time for it, giving up first is the other way', () => {
  const server = appHop({ idleCloseMs: inFile(30_000, 'app.py:3', 'keepalive') });
  expect(rule.judge(pairFacts(proxyHop(), server))).toMatchObject([
    {
      remedy: [
        '# app.py:3: let it outlast proxy',
        ...lines('receiver', { set: 'idle-close', ms: 65_000 }),
        '# or',
        '# proxy.conf:7: let it give up before app',
        ...lines('sender', { set: 'pool-idle', ms: 28_000 }),
      ],
    },
  ]);
});

test('of a pool that keeps connections for an hour that is the first way', () => {
  const sender = proxyHop({ poolIdleMs: given(3_600_000) });
  const [finding] = rule.judge(pairFacts(sender, appHop()));
  expect(finding?.remedy.filter((line) => !line.startsWith('#'))).toEqual([
    ...lines('sender', { set: 'pool-idle', ms: 73_000 }),
    ...lines('receiver', { set: 'idle-close', ms: 3_605_000 }),
  ]);
});

test('a line for the command line is asked for where the value stands there', () => {
  const server = appHop({
    idleCloseMs: { value: 2000, setting: 'keepalive', source: { kind: 'command-line', text: '--keep-alive 2' } },
  });
  const [finding] = rule.judge(pairFacts(proxyHop(), server));
  expect(finding?.remedy).toEqual([
    '# on the command line of app, in place of --keep-alive 2: let it outlast proxy',
    '--keep-alive 65',
  ]);
});

test('a running server that does not do what its file says is to be reloaded, not reconfigured', () => {
  const measured = (configuredMs: number) =>
    appHop(
      {
        idleCloseMs: {
          value: 4000,
          setting: 'keepalive',
          source: { kind: 'measured', url: 'http://a/', lowerMs: 4000, upperMs: 4200 },
        },
      },
      {
        replaced: {
          idleCloseMs: inFile(configuredMs, 'app.py:3', 'keepalive'),
          observed: { url: 'http://a/', lowerMs: 4000, upperMs: 4200 },
        },
      },
    );
  const remedyOf = (configuredMs: number) =>
    rule.judge(pairFacts(proxyHop(), measured(configuredMs)))[0]?.remedy.slice(0, 2);
  expect(remedyOf(75_000)).toEqual(['# app.py:3 keepalive says 1 m 15 s already: reload or restart app', '# or']);
  expect(remedyOf(5000)).toEqual([
    '# app.py:3: let it outlast proxy',
    ...lines('receiver', { set: 'idle-close', ms: 65_000 }),
  ]);
});

test('less than the margin is a warning', () => {
  const server = appHop({ idleCloseMs: inFile(61_000, 'app.py:3', 'keepalive') });
  expect(rule.judge(pairFacts(proxyHop(), server))).toMatchObject([
    {
      severity: 'warning',
      message: expect.stringMatching(/, and app closes .*: that is less than the margin of 2 s$/),
    },
  ]);
});

test('a client without any limit is a warning, and gets what helps without a limit', () => {
  const source = { kind: 'default', id: 'some-library', detail: 'some library' } as const;
  const client = clientHop({ poolIdleMs: { value: 'never', setting: null, source } });
  const known = pairFacts(client, early);
  const syntax = { ...known.syntax, sender: { kind: 'stack', id: 'python-requests' } as const };
  expect(rule.judge({ ...known, syntax })).toMatchObject([
    {
      severity: 'warning',
      message: expect.stringContaining('client has no setting for giving up first'),
      remedy: [
        '# client: send again what may be sent twice',
        ...lines('sender', { set: 'retry-safely' }, syntax),
        '# client: or a connection for each request',
        ...lines('sender', { set: 'no-reuse' }, syntax),
      ],
    },
  ]);
});

test('a load balancer whose one number can be changed is not said to have no setting', () => {
  const source = { kind: 'default', id: 'some-balancer', detail: 'some balancer' } as const;
  const balancer = proxyHop({ poolIdleMs: { value: 60_000, setting: null, source } });
  const server = appHop({ idleCloseMs: inFile(30_000, 'app.py:3', 'keepalive') });
  expect(rule.judge(pairFacts(balancer, server))).toMatchObject([
    {
      message: expect.stringContaining('proxy must give up first, by 2 s'),
      remedy: expect.arrayContaining([...lines('sender', { set: 'pool-idle', ms: 28_000 })]),
    },
  ]);
});

test('a proxy without any limit is an error', () => {
  const proxy = proxyHop({ poolIdleMs: given('never') });
  expect(rule.judge(pairFacts(proxy, early))).toMatchObject([{ severity: 'error' }]);
});

test.each([
  ['the server outlasts the pool', pairFacts(proxyHop(), appHop())],
  ['the pool idle is not known', pairFacts(proxyHop({ poolIdleMs: NOT_KNOWN }), early)],
  ['the idle close is not known', pairFacts(proxyHop(), appHop({ idleCloseMs: NOT_KNOWN }))],
  ['connections are not reused', pairFacts(proxyHop({ reuse: given(false), noReuseBecause: 'no-pool' }), early)],
  ['one hop is judged alone', hopFacts(appHop())],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
