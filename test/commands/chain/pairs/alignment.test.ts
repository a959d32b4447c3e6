import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alignmentOf } from '../../../../src/commands/chain/pairs/alignment.ts';
import { gapsOf, judgePairs, verdictsOf } from '../../../../src/commands/chain/pairs/judged-pair.ts';
import { pairsOf } from '../../../../src/commands/chain/pairs/pair.ts';
import type { ChainClientSide, ChainServerSide } from '../../../../src/knowledge/hop.ts';
import { appHop, boxHop, clientHop, given, NOT_KNOWN, pairFacts, proxyHop } from '../hops.ts';

const align = (client: Partial<ChainClientSide>, server: Partial<ChainServerSide>, marginMs = 2000) =>
  alignmentOf(pairFacts(proxyHop(client), appHop(server)).pair, marginMs);
const cross = (client: Partial<ChainClientSide>, server: Partial<ChainServerSide>, box = boxHop(350_000)) =>
  pairFacts(proxyHop(client), appHop(server), { boxes: [box] }).pair.effects[0];

describe('the pairs of a chain', () => {
  test('join each hop with the next one that speaks HTTP, with the middleboxes between them', () => {
    const hops = [clientHop(), boxHop(350_000), proxyHop(), appHop()];
    const pairs = pairsOf(hops).map(({ sender, receiver, boxes, senderIndex }) => ({
      ends: [sender.name, receiver.name],
      boxes: boxes.map(({ name }) => name),
      senderIndex,
    }));
    expect(pairs).toEqual([
      { ends: ['client', 'proxy'], boxes: ['box'], senderIndex: 0 },
      { ends: ['proxy', 'app'], boxes: [], senderIndex: 2 },
    ]);
  });

  test('need both sides', () => {
    expect(pairsOf([proxyHop(), { ...appHop(), server: null }])).toEqual([]);
    expect(pairsOf([])).toEqual([]);
  });
});

describe('who closes first', () => {
  test.each([
    // pool idle, idle close, margin
    [60_000, 75_000, 2000, 'aligned', undefined],
    [60_000, 62_000, 2000, 'aligned', undefined],
    [60_000, 61_999, 2000, 'closes-first', 'narrow'],
    [60_000, 60_001, 2000, 'closes-first', 'narrow'],
    [60_000, 60_000, 2000, 'closes-first', 'late'],
    [60_000, 60_000, 0, 'aligned', undefined],
    [60_000, 2000, 2000, 'closes-first', 'late'],
    ['never', 75_000, 2000, 'closes-first', 'late'],
    ['never', 'never', 2000, 'aligned', undefined],
    [60_000, 'never', 2000, 'aligned', undefined],
  ] as const)(
    'a pool of %s in front of a server of %s with a margin of %d ms is %s',
    (pool, close, margin, kind, how) => {
      const alignment = align({ poolIdleMs: given(pool) }, { idleCloseMs: given(close) }, margin);
      expect({ kind: alignment.kind, how: 'how' in alignment ? alignment.how : undefined }).toEqual({ kind, how });
    },
  );

  test('is not a question without reuse, whatever the timeouts', () => {
    const noReuse = { reuse: given(false), noReuseBecause: 'http-1.0' } as const;
    expect(align(noReuse, { idleCloseMs: NOT_KNOWN })).toMatchObject({ kind: 'not-reused', by: 'sender' });
    expect(align({ poolIdleMs: NOT_KNOWN }, { reuse: given(false) })).toMatchObject({
      kind: 'not-reused',
      by: 'receiver',
      closer: 'either',
    });
  });

  test.each([
    ['http-1.0', undefined, 'either'],
    ['connection-close', undefined, 'either'],
    ['no-pool', undefined, 'sender'],
    ['no-pool', true, 'either'],
    ['single-use', null, 'sender'],
  ] as const)('after a single request with %s (asks to close: %s) it is %s', (because, asks, closer) => {
    const asked = asks === undefined ? {} : { asksToClose: asks };
    expect(align({ reuse: given(false), noReuseBecause: because, ...asked }, {})).toMatchObject({ closer });
  });

  test.each<[string, Partial<ChainClientSide>, Partial<ChainServerSide>, string]>([
    ['the pool idle', { poolIdleMs: NOT_KNOWN }, {}, 'how long proxy keeps idle connections'],
    ['the idle close', {}, { idleCloseMs: NOT_KNOWN }, 'after how long app closes idle connections'],
    ['the reuse of the sender', { reuse: NOT_KNOWN }, {}, 'whether proxy reuses connections'],
    ['the reuse of the receiver', {}, { reuse: NOT_KNOWN }, 'whether app keeps connections open'],
    ['that of a server without limit', {}, { reuse: NOT_KNOWN, idleCloseMs: given('never') }, 'whether app keeps'],
  ])('is never called aligned without %s', (_, client, server, what) => {
    expect(align(client, server)).toMatchObject({ kind: 'unknown', what: expect.stringContaining(what) });
    const { pair } = pairFacts(proxyHop(client), appHop(server));
    expect(gapsOf(pair)).toEqual([{ what: expect.stringContaining(what), reason: 'nobody said' }]);
  });

  test('is the sender where it follows the hint of the receiver', () => {
    const server = { idleCloseMs: given<number>(5000), hintMs: given(5000) };
    expect(align({ honoursHint: true }, server).kind).toBe('aligned');
    expect(align({ honoursHint: null }, server).kind).toBe('closes-first');
    expect(align({ honoursHint: true }, { ...server, hintMs: given(6000) }).kind).toBe('closes-first');
  });

  test('grows no worse when the receiver waits longer, and no better when the sender does', () => {
    const rank = { late: 0, narrow: 1, aligned: 2 };
    const rankOf = (pool: number, close: number, margin: number): number => {
      const alignment = align({ poolIdleMs: given(pool) }, { idleCloseMs: given(close) }, margin);
      if (alignment.kind === 'closes-first') return rank[alignment.how];
      expect(alignment.kind).toBe('aligned');
      return rank.aligned;
    };
    const ms = fc.integer({ min: 1, max: 10_000_000 });
    fc.assert(
      fc.property(ms, ms, fc.integer({ min: 0, max: 60_000 }), ms, (pool, close, margin, more) => {
        expect(rankOf(pool, close + more, margin)).toBeGreaterThanOrEqual(rankOf(pool, close, margin));
        expect(rankOf(pool + more, close, margin)).toBeLessThanOrEqual(rankOf(pool, close, margin));
      }),
    );
  });
});

describe('a middlebox between two hops', () => {
  const probes = (idleMs: number) => given({ idleMs, intervalMs: 15_000, count: 4 });

  test('keeps what the ends give up before it forgets', () => {
    expect(cross({ poolIdleMs: given(60_000) }, { idleCloseMs: given('never') })?.kind).toBe('kept');
    expect(cross({ poolIdleMs: given('never') }, { idleCloseMs: given(60_000) })?.kind).toBe('kept');
    expect(cross({ poolIdleMs: NOT_KNOWN }, { idleCloseMs: given(60_000) })?.kind).toBe('kept');
  });

  test('must be outlived by ten seconds', () => {
    const forgets = (poolMs: number) => cross({ poolIdleMs: given(poolMs) }, { idleCloseMs: given('never') })?.kind;
    expect([forgets(340_000), forgets(340_001)]).toEqual(['kept', 'forgotten']);
  });

  test('forgets what idles longer without probes, and says how long that is', () => {
    expect(cross({ poolIdleMs: given(900_000) }, { idleCloseMs: given(910_000) })).toMatchObject({
      kind: 'forgotten',
      idleMs: 900_000,
    });
    expect(cross({ poolIdleMs: given('never') }, { idleCloseMs: given('never') })).toMatchObject({ idleMs: 'never' });
  });

  test.each([
    ['the sender', { tcpKeepalive: probes(60_000) }, {}, 'kept'],
    ['the receiver', {}, { tcpKeepalive: probes(60_000) }, 'kept'],
    ['the sender, too slowly', { tcpKeepalive: probes(7_200_000) }, {}, 'forgotten'],
    ['the sender, with no room for two losses', { tcpKeepalive: probes(320_000) }, {}, 'forgotten'],
  ] as const)('hears the probes of %s', (_, client, server, kind) => {
    const never = given<'never'>('never');
    expect(cross({ poolIdleMs: never, ...client }, { idleCloseMs: never, ...server })?.kind).toBe(kind);
  });

  test('that no probe refreshes forgets in spite of them; of one that is not known it is not known', () => {
    const never = given<'never'>('never');
    const with_ = (refreshes: boolean | null) =>
      cross({ poolIdleMs: never, tcpKeepalive: probes(60_000) }, { idleCloseMs: never }, boxHop(350_000, refreshes));
    expect([with_(true)?.kind, with_(false)?.kind, with_(null)?.kind]).toEqual(['kept', 'forgotten', 'unknown']);
  });

  test.each<[string, Partial<ChainClientSide>]>([
    ['whether there are probes', { tcpKeepalive: NOT_KNOWN }],
    ['how long the pool keeps them', { poolIdleMs: NOT_KNOWN }],
  ])('is not known to forget without %s', (_, client) => {
    const effect = cross({ poolIdleMs: given('never'), ...client }, { idleCloseMs: given('never') });
    expect(effect).toMatchObject({ kind: 'unknown', reason: 'nobody said' });
  });

  test('does not matter where no connection idles', () => {
    expect(cross({ reuse: given(false), noReuseBecause: 'single-use' }, { idleCloseMs: NOT_KNOWN })?.kind).toBe('kept');
  });
});

test('each way to the next hop has its verdict: to a middlebox what that does, behind it what the two ends do', () => {
  const hops = [
    clientHop({ poolIdleMs: given('never') }),
    boxHop(30_000),
    proxyHop(),
    appHop({ idleCloseMs: given(2000) }),
  ];
  expect(verdictsOf(hops, judgePairs(hops, 2000))).toEqual([
    { kind: 'path-forgets', why: 'box forgets after 30 s' },
    { kind: 'closes-first', why: 'client never gives up an idle connection, proxy closes them after 1 m 15 s' },
    { kind: 'closes-first', why: 'proxy keeps idle connections 1 m, app closes them after 2 s' },
  ]);
});
