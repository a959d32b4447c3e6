import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/chain/rules/upstream-closes-first.ts';
import type { Joint } from '../../../../src/policy/facts.ts';
import { facts } from '../../../policy/facts.ts';
import { appHop, clientHop, given, inFile, joint, NOT_KNOWN, proxyHop } from '../hops.ts';

const early = appHop({ idleCloseMs: inFile(2000, 'app.py:3', 'keepalive') });

test('a server that closes before the pool in front of it is an error, with both numbers, their lines and what to write', () => {
  expect(rule.judge(facts({ joint: joint(proxyHop({ retries: 'idempotent' }), early) }))).toEqual([
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
      remedy: ['# app.py:3: let it outlast proxy', 'receiver idle-close 65000 file'],
    },
  ]);
});

test('where every request that meets the close is sent again, it is a warning: work may be done twice', () => {
  expect(rule.judge(facts({ joint: joint(proxyHop({ retries: 'all' }), early) }))).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('and is sent again, be it a POST whose work') },
  ]);
});

test('where the server leaves time for it, giving up first is the other way', () => {
  const server = appHop({ idleCloseMs: inFile(30_000, 'app.py:3', 'keepalive') });
  expect(rule.judge(facts({ joint: joint(proxyHop(), server) }))).toMatchObject([
    {
      remedy: [
        '# app.py:3: let it outlast proxy',
        'receiver idle-close 65000 file',
        '# or',
        '# proxy.conf:7: let it give up before app',
        'sender pool-idle 28000',
      ],
    },
  ]);
});

test('of a pool that keeps connections for an hour that is the first way', () => {
  const sender = proxyHop({ poolIdleMs: given(3_600_000) });
  const [finding] = rule.judge(facts({ joint: joint(sender, appHop()) }));
  expect(finding?.remedy.filter((line) => !line.startsWith('#'))).toEqual([
    'sender pool-idle 73000',
    'receiver idle-close 3605000 file',
  ]);
});

test('a line for the command line is asked for where the value stands there', () => {
  const server = appHop({
    idleCloseMs: { value: 2000, setting: 'keepalive', source: { kind: 'command-line', text: '--keep-alive 2' } },
  });
  const [finding] = rule.judge(facts({ joint: joint(proxyHop(), server) }));
  expect(finding?.remedy).toEqual([
    '# on the command line of app, in place of --keep-alive 2: let it outlast proxy',
    'receiver idle-close 65000 command-line',
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
    rule.judge(facts({ joint: joint(proxyHop(), measured(configuredMs)) }))[0]?.remedy.slice(0, 2);
  expect(remedyOf(75_000)).toEqual(['# app.py:3 keepalive says 1 m 15 s already: reload or restart app', '# or']);
  expect(remedyOf(5000)).toEqual(['# app.py:3: let it outlast proxy', 'receiver idle-close 65000 file']);
});

test('less than the margin is a warning', () => {
  const server = appHop({ idleCloseMs: inFile(61_000, 'app.py:3', 'keepalive') });
  expect(rule.judge(facts({ joint: joint(proxyHop(), server) }))).toMatchObject([
    {
      severity: 'warning',
      message: expect.stringMatching(/, and app closes .*: that is less than the margin of 2 s$/),
    },
  ]);
});

test('a client without any limit is a warning, and gets what helps without a limit', () => {
  const source = { kind: 'default', id: 'some-library', detail: 'some library' } as const;
  const client = clientHop({ poolIdleMs: { value: 'never', setting: null, source } });
  const known = joint(client, early);
  const settingless: Joint = {
    ...known,
    write: (end, wanted) => (wanted.set === 'pool-idle' ? [] : known.write(end, wanted)),
  };
  expect(rule.judge(facts({ joint: settingless }))).toMatchObject([
    {
      severity: 'warning',
      message: expect.stringContaining('client has no setting for giving up first'),
      remedy: [
        '# client: send again what may be sent twice',
        'sender retry-safely',
        '# client: or a connection for each request',
        'sender no-reuse',
      ],
    },
  ]);
});

test('a load balancer whose one number can be changed is not said to have no setting', () => {
  const source = { kind: 'default', id: 'some-balancer', detail: 'some balancer' } as const;
  const balancer = proxyHop({ poolIdleMs: { value: 60_000, setting: null, source } });
  const server = appHop({ idleCloseMs: inFile(30_000, 'app.py:3', 'keepalive') });
  expect(rule.judge(facts({ joint: joint(balancer, server) }))).toMatchObject([
    {
      message: expect.stringContaining('proxy must give up first, by 2 s'),
      remedy: expect.arrayContaining(['sender pool-idle 28000']),
    },
  ]);
});

test('a proxy without any limit is an error', () => {
  const proxy = proxyHop({ poolIdleMs: given('never') });
  expect(rule.judge(facts({ joint: joint(proxy, early) }))).toMatchObject([{ severity: 'error' }]);
});

test.each([
  ['the server outlasts the pool', joint(proxyHop(), appHop())],
  ['the pool idle is not known', joint(proxyHop({ poolIdleMs: NOT_KNOWN }), early)],
  ['the idle close is not known', joint(proxyHop(), appHop({ idleCloseMs: NOT_KNOWN }))],
  ['connections are not reused', joint(proxyHop({ reuse: given(false), noReuseBecause: 'no-pool' }), early)],
  ['there is no chain', null],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(facts({ joint: known }))).toEqual([]);
});
