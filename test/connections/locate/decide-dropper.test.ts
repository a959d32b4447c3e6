import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decideDropper,
  type FlowTest,
  type NextTest,
  nextTest,
  type Path,
} from '../../../src/connections/locate/decide-dropper.ts';

const addressOf = (hop: number): string => `10.9.${hop}.2`;

/** A path on which these hops answer SYNs; `target` is the hop of the target, null when it was not found. */
function pathOf(answering: readonly number[], target: number | null, triedHops = 30): Path {
  return {
    answering: answering.map((hop) => ({ hop, address: addressOf(hop) })),
    target: target === null ? null : { hop: target, address: addressOf(target) },
    triedHops,
  };
}

const expired = (hop: number): FlowTest => ({ hop, segmentCount: 1, answer: 'expired', controlAnswered: null });
const rejected = (hop: number): FlowTest => ({ ...expired(hop), answer: 'rejected' });
const silent = (hop: number, segmentCount = 8, controlAnswered: boolean | null = true): FlowTest => {
  return { hop, segmentCount, answer: 'silent', controlAnswered };
};

interface Found {
  last: number | null;
  hop: number | null;
  doubt: RegExp;
}

const FOUR = pathOf([1, 2, 3], 4);

describe('decideDropper', () => {
  test.each<[string, Path, FlowTest[], Found]>([
    [
      'the first hop that is silent to the flow, behind the last that answers',
      FOUR,
      [expired(2), silent(3, 1, null), expired(2), silent(3)],
      {
        last: 2,
        hop: 3,
        doubt: /^between hop 2, which answers for the flow, and hop 3, which was silent to all of 8 segments .*former/,
      },
    ],
    [
      'this host or the first hop, when that is silent already',
      FOUR,
      [silent(1)],
      { last: 0, hop: 1, doubt: /^between this host and hop 1/ },
    ],
    [
      'hops on both sides of one that answers nobody',
      pathOf([1, 3], 4),
      [expired(1), expired(1), silent(3)],
      { last: 1, hop: 3, doubt: /hop 2 in between does not tell/ },
    ],
    [
      'hops on both sides of several that answer nobody',
      pathOf([1, 5], 6),
      [expired(1), expired(1), silent(5)],
      { last: 1, hop: 5, doubt: /hops 2 to 4 in between do not tell/ },
    ],
    [
      'a hop from which segments are rejected',
      FOUR,
      [expired(2), expired(2), rejected(3), rejected(3)],
      { last: 2, hop: 3, doubt: /hop 3, where segments of it are rejected/ },
    ],
    [
      'the target, when every hop before it answers for the flow',
      FOUR,
      [expired(2), expired(3), expired(3)],
      { last: 3, hop: 4, doubt: /every hop that can be compared answers for the flow.*on the way back/ },
    ],
    [
      'no hop behind the last that answers, when the target was not found',
      pathOf([1, 2, 3], null),
      [expired(3), expired(3)],
      { last: 3, hop: null, doubt: /every hop that can be compared answers for the flow.*at hop 3 or behind it/ },
    ],
    [
      'nothing, when the target is the next hop',
      pathOf([], 1),
      [],
      { last: null, hop: null, doubt: /the target is the next hop/ },
    ],
    [
      'nothing, when no hop answers a SYN',
      pathOf([], 5),
      [],
      { last: null, hop: null, doubt: /none of the 4 hops before the target answers a SYN.*nothing to compare/ },
    ],
    [
      'nothing, when neither the hops nor the target answer a SYN',
      pathOf([], null, 30),
      [],
      { last: null, hop: null, doubt: /none of the first 30 hops .*nothing to compare/ },
    ],
    [
      'nothing, when no segment could be sent',
      FOUR,
      [],
      { last: null, hop: null, doubt: /no segment of the flow was sent/ },
    ],
    [
      'only the last that answers, when too few segments were sent behind it',
      FOUR,
      [expired(2), expired(2), silent(3, 3)],
      { last: 2, hop: null, doubt: /hop 3 was silent to the flow, but not often enough/ },
    ],
    [
      'only the last that answers, when the silent hop behind it answered SYNs no more either',
      FOUR,
      [expired(2), expired(2), silent(3, 8, false)],
      { last: 2, hop: null, doubt: /hop 3 was silent to the flow, but not often enough/ },
    ],
    [
      'nothing, when the first hop was silent to too few segments',
      FOUR,
      [silent(1, 3)],
      { last: null, hop: null, doubt: /hop 1 was silent to the flow, but not often enough/ },
    ],
    [
      'only the last that answers, when those behind it were not tried',
      FOUR,
      [expired(2), expired(2)],
      { last: 2, hop: null, doubt: /those behind it were not tried/ },
    ],
    [
      'what a single answer says, as long as nothing contradicts it',
      FOUR,
      [expired(2), silent(3)],
      { last: 2, hop: 3, doubt: /hop 2, which answered once for the flow/ },
    ],
    [
      'hops on both sides of one that answered once and then no more',
      FOUR,
      [expired(1), expired(1), expired(2), silent(2, 6), silent(3)],
      { last: 1, hop: 3, doubt: /hop 2 in between does not tell/ },
    ],
  ])('names %s', (_, path, tests, { last, hop, doubt }) => {
    const dropper = decideDropper(path, tests);
    expect(dropper).toMatchObject({
      hop,
      address: hop === null ? null : addressOf(hop),
      lastAnsweringHop: last,
      lastAnsweringAddress: last === null || last === 0 ? null : addressOf(last),
    });
    expect(dropper.doubt).toMatch(doubt);
  });

  test('lists every hop up to the target, with what each answered', () => {
    const { hops } = decideDropper(pathOf([1, 3], 5), [expired(1), expired(1), silent(3)]);
    expect(hops).toEqual([
      { hop: 1, address: addressOf(1), flowAnswered: true },
      { hop: 2, address: null, flowAnswered: null },
      { hop: 3, address: addressOf(3), flowAnswered: false },
      { hop: 4, address: null, flowAnswered: null },
      { hop: 5, address: addressOf(5), flowAnswered: null },
    ]);
  });

  test('lists no hops behind the last that answers when the target was not found', () => {
    expect(decideDropper(pathOf([2, 4], null), []).hops.map(({ hop }) => hop)).toEqual([1, 2, 3, 4]);
  });

  test('adds what else blurs it', () => {
    const { doubt } = decideDropper(FOUR, [silent(1)], ['the time was over', 'the connection ended']);
    expect(doubt).toMatch(/^between this host and hop 1.*; the time was over; the connection ended$/);
  });
});

/** A path on which the flow gets as far as `reach`. */
interface Network {
  path: Path;
  reach: number;
  /** Whether packet n is answered, if there is anyone to answer it; the last stays. */
  luck: readonly boolean[];
  /** How segments behind `reach` are answered. */
  refusal: 'silent' | 'rejected';
}

function sweep({ path, reach, luck, refusal }: Network, mostTests = 400): FlowTest[] {
  const tests: FlowTest[] = [];
  let packets = 0;
  const lucky = (): boolean => {
    packets += 1;
    return luck[(packets - 1) % luck.length] ?? true;
  };
  const send = ({ hop, segmentCount, control }: NextTest): FlowTest => {
    const arrived = Array.from({ length: segmentCount }, lucky).some((answered) => answered);
    const answer = hop <= reach ? 'expired' : refusal;
    return { hop, segmentCount, answer: arrived ? answer : 'silent', controlAnswered: control ? lucky() : null };
  };
  for (;;) {
    const next = nextTest(path, tests);
    if (next === null || tests.length >= mostTests) return tests;
    if (!path.answering.some(({ hop }) => hop === next.hop)) throw new Error(`hop ${next.hop} answers nobody`);
    tests.push(send(next));
  }
}

const networks = (luck: fc.Arbitrary<boolean[]>): fc.Arbitrary<Network> =>
  fc.integer({ min: 2, max: 31 }).chain((target) =>
    fc.record({
      path: fc
        .tuple(fc.subarray(Array.from({ length: target - 1 }, (_, index) => index + 1)), fc.boolean())
        .map(([answering, found]) => pathOf(answering, found ? target : null)),
      reach: fc.integer({ min: 0, max: target - 1 }),
      luck,
      refusal: fc.constantFrom('silent', 'rejected'),
    }),
  );

describe('nextTest', () => {
  test('finds the first difference exactly, among the hops that answer, when nothing is lost', () => {
    fc.assert(
      fc.property(networks(fc.constant([true])), (network) => {
        const { path, reach } = network;
        const { hop, lastAnsweringHop } = decideDropper(path, sweep(network));
        const answering = path.answering.map((candidate) => candidate.hop);
        const last = answering.filter((candidate) => candidate <= reach).at(-1) ?? 0;
        const first = answering.find((candidate) => candidate > reach) ?? path.target?.hop ?? null;
        expect([hop, lastAnsweringHop]).toEqual(answering.length === 0 ? [null, null] : [first, last]);
      }),
      { numRuns: 1000 },
    );
  });

  test('sends no more than the initial window allows on a path of 15 hops, and few tests on any', () => {
    const all = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
    for (let reach = 0; reach < 30; reach += 1) {
      const network = { reach, luck: [true], refusal: 'silent' } as const;
      const searching = (target: number): FlowTest[] => {
        const tests = sweep({ ...network, path: pathOf(all(target - 1), target) });
        return tests.filter(({ segmentCount }) => segmentCount === 1);
      };
      if (reach < 15) expect(searching(16).length).toBeLessThanOrEqual(6);
      expect(searching(31).length).toBeLessThanOrEqual(7);
    }
  });

  test('comes to an end whatever is lost, and never names a hop before the one that is reached without having heard eight times nothing', () => {
    const luck = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(networks(luck), (network) => {
        const tests = sweep(network);
        expect(tests.length).toBeLessThanOrEqual(12 * network.path.answering.length);
        const { hop, lastAnsweringHop } = decideDropper(network.path, tests);
        expect(lastAnsweringHop ?? 0).toBeLessThanOrEqual(network.reach);
        if (hop === null || hop > network.reach) return;
        const unheard = tests.filter((test) => test.hop === hop && test.controlAnswered === true);
        expect(unheard.reduce((sum, { segmentCount }) => sum + segmentCount, 0)).toBeGreaterThanOrEqual(8);
      }),
      { numRuns: 1000 },
    );
  });

  test('is wrong less than once in 500 times when each packet or its answer is lost with a chance of 0.36', () => {
    let state = 12_345;
    const random = (): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0; // the generator of ISO C's rand(), so that every run is the same
      return (state >>> 8) / 0x1_00_00_00;
    };
    let wrong = 0;
    let unnamed = 0;
    const runs = 5000;
    for (let run = 0; run < runs; run += 1) {
      const luck = Array.from({ length: 400 }, () => random() >= 0.36);
      const reach = Math.floor(random() * 4);
      const { hop } = decideDropper(FOUR, sweep({ path: FOUR, reach, luck, refusal: 'silent' }));
      if (hop !== null && hop <= reach) wrong += 1;
      if (hop === null) unnamed += 1;
    }
    expect(wrong / runs).toBeLessThan(1 / 500);
    expect(unnamed / runs).toBeLessThan(1 / 20);
  });
});

test('any tests of any path make a dropper whose hops are in order and whose doubt is a sentence', () => {
  const flowTest: fc.Arbitrary<FlowTest> = fc.record({
    hop: fc.integer({ min: 1, max: 12 }),
    segmentCount: fc.nat(9),
    answer: fc.constantFrom('expired', 'rejected', 'silent'),
    controlAnswered: fc.constantFrom(true, false, null),
  });
  const path = fc
    .tuple(fc.subarray([1, 2, 3, 4, 5, 6, 7, 8, 9]), fc.constantFrom(null, 1, 4, 10))
    .map(([answering, target]) => pathOf(answering, target, 12));
  fc.assert(
    fc.property(path, fc.array(flowTest, { maxLength: 30 }), (known, tests) => {
      const { hop, address, lastAnsweringHop, hops, doubt } = decideDropper(known, tests);
      if (hop !== null) expect(hop).toBeGreaterThan(lastAnsweringHop ?? 0);
      expect(hop === null).toBe(address === null);
      expect(hops.map((one) => one.hop)).toEqual(hops.map((_, index) => index + 1));
      expect(doubt).toMatch(/^[a-z].*[^.]$/);
      expect(doubt).not.toMatch(/undefined|null|NaN/);
    }),
    { numRuns: 2000 },
  );
});
