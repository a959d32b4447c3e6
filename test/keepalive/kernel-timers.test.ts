import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockedForMs, connectionsPerSecond, countPorts, deadWriteAfter } from '../../src/keepalive/kernel-timers.ts';

describe('deadWriteAfter', () => {
  // Documentation/networking/ip-sysctl.rst: 15 is 924.6 s, and RFC 1122's 100 s need at least 8.
  test.each([
    { retries2: 15, rtoMaxMs: null, lowerMs: 924_600 },
    { retries2: 15, rtoMaxMs: 120_000, lowerMs: 924_600 },
    { retries2: 8, rtoMaxMs: null, lowerMs: 102_200 },
    { retries2: 5, rtoMaxMs: null, lowerMs: 12_600 },
    { retries2: 0, rtoMaxMs: null, lowerMs: 200 },
    { retries2: 15, rtoMaxMs: 1000, lowerMs: 14_400 },
    { retries2: 255, rtoMaxMs: null, lowerMs: 29_724_600 },
  ])(
    'retries2 $retries2 with a longest wait of $rtoMaxMs ms is at least $lowerMs ms',
    ({ retries2, rtoMaxMs, lowerMs }) => {
      expect(deadWriteAfter(retries2, null, rtoMaxMs).lowerMs).toBe(lowerMs);
    },
  );

  test('of the default is over at the latest one longest wait and two slow first ones later', () => {
    expect(deadWriteAfter(15, 200, 120_000)).toEqual({ lowerMs: 924_600, upperMs: 1_046_600 });
  });

  // Measured on Linux 6.18: a write over loopback whose segments were all dropped, until ETIMEDOUT.
  test.each([
    { retries2: 0, rtoMinMs: 200, rtoMaxMs: 120_000, diedAfterMs: 850 },
    { retries2: 0, rtoMinMs: 1000, rtoMaxMs: 120_000, diedAfterMs: 4060 },
    { retries2: 1, rtoMinMs: 200, rtoMaxMs: 120_000, diedAfterMs: 1670 },
    { retries2: 3, rtoMinMs: 20, rtoMaxMs: 120_000, diedAfterMs: 3190 },
    { retries2: 3, rtoMinMs: 200, rtoMaxMs: 1000, diedAfterMs: 3730 },
    { retries2: 3, rtoMinMs: 200, rtoMaxMs: 120_000, diedAfterMs: 6680 },
    { retries2: 4, rtoMinMs: 1000, rtoMaxMs: 120_000, diedAfterMs: 8310 },
    { retries2: 5, rtoMinMs: 200, rtoMaxMs: 1000, diedAfterMs: 5780 },
    { retries2: 5, rtoMinMs: 20, rtoMaxMs: 120_000, diedAfterMs: 12_900 },
    { retries2: 5, rtoMinMs: 200, rtoMaxMs: 120_000, diedAfterMs: 13_330 },
    { retries2: 6, rtoMinMs: 200, rtoMaxMs: 2000, diedAfterMs: 11_410 },
    { retries2: 6, rtoMinMs: 200, rtoMaxMs: 3000, diedAfterMs: 12_600 },
  ])('holds what was measured: $diedAfterMs ms for $retries2, $rtoMinMs ms, $rtoMaxMs ms', (measured) => {
    const { lowerMs, upperMs } = deadWriteAfter(measured.retries2, measured.rtoMinMs, measured.rtoMaxMs);
    expect(measured.diedAfterMs).toBeGreaterThanOrEqual(lowerMs);
    expect(measured.diedAfterMs).toBeLessThanOrEqual(upperMs);
  });

  const retries = fc.integer({ min: 0, max: 255 });
  const longestMs = fc.integer({ min: 1000, max: 120_000 });

  test('is at least the sum of doubling waits from 200 ms, each at most the longest', () => {
    fc.assert(
      fc.property(retries, longestMs, (retries2, rtoMaxMs) => {
        let sum = 0;
        for (let i = 0; i <= retries2; i++) sum += Math.min(rtoMaxMs, 200 * 2 ** i);
        expect(deadWriteAfter(retries2, null, rtoMaxMs).lowerMs).toBe(sum);
      }),
    );
  });

  test('holds the end of every connection whose first wait is 200 ms to 1 s', () => {
    fc.assert(
      fc.property(retries, longestMs, fc.integer({ min: 200, max: 1000 }), (retries2, rtoMaxMs, firstMs) => {
        const { lowerMs, upperMs } = deadWriteAfter(retries2, 200, rtoMaxMs);
        let waitMs = firstMs;
        const countedFromMs = 2 * firstMs; // the first retransmission, after the tail loss probe
        let nowMs = countedFromMs;
        do {
          waitMs = Math.min(rtoMaxMs, waitMs * 2);
          nowMs += waitMs;
        } while (nowMs - countedFromMs < lowerMs);
        expect(nowMs).toBeGreaterThanOrEqual(lowerMs);
        expect(nowMs).toBeLessThanOrEqual(upperMs);
      }),
    );
  });
});

describe('connectionsPerSecond', () => {
  const stock = {
    range: [32_768, 60_999],
    reserved: [],
    twReuse: 2,
    twReuseDelayMs: 1000,
    timestamps: 1,
  } satisfies Parameters<typeof connectionsPerSecond>[0];

  test.each([
    { how: 'of a stock kernel: 28232 ports in 60 s', settings: {}, expected: 470.5 },
    { how: 'with tcp_tw_reuse = 0', settings: { twReuse: 0 }, expected: 470.5 },
    { how: 'with tcp_tw_reuse = 1: the ports again after 1 s', settings: { twReuse: 1 }, expected: 28_232 },
    {
      how: 'with tcp_tw_reuse = 1 on a kernel without a delay setting',
      settings: { twReuse: 1, twReuseDelayMs: null },
      expected: 28_232,
    },
    {
      how: 'with tcp_tw_reuse = 1 and half the delay',
      settings: { twReuse: 1, twReuseDelayMs: 500 },
      expected: 56_464,
    },
    {
      how: 'with tcp_tw_reuse = 1 and no delay: one tick',
      settings: { twReuse: 1, twReuseDelayMs: 0 },
      expected: 28_232_000,
    },
    { how: 'with tcp_tw_reuse = 1 but no timestamps', settings: { twReuse: 1, timestamps: 0 }, expected: 470.5 },
    { how: 'with all ports reserved', settings: { reserved: [[1, 65_535] as const] }, expected: 0 },
    {
      how: 'with ports reserved inside and outside',
      settings: { reserved: [[8080, 8080] as const, [60_900, 61_000] as const] },
      expected: 468.8,
    },
  ])('$how is $expected', ({ settings, expected }) => {
    expect(connectionsPerSecond({ ...stock, ...settings })).toBe(expected);
  });
});

describe('countPorts', () => {
  test('counts every port once, however the reserved ranges overlap', () => {
    const range = fc
      .tuple(fc.integer({ min: 1, max: 300 }), fc.nat(100))
      .map(([first, more]) => [first, first + more] as const);
    fc.assert(
      fc.property(range, fc.array(range), ([first, last], reserved) => {
        let expected = 0;
        for (let port = first; port <= last; port++) {
          if (!reserved.some(([from, to]) => from <= port && port <= to)) expected++;
        }
        expect(countPorts([first, last], reserved)).toBe(expected);
      }),
    );
  });
});

test.each([
  { twReuse: 0, overLoopback: true, timestamps: 1, twReuseDelayMs: 1000, expected: 60_000 },
  { twReuse: 1, overLoopback: false, timestamps: 1, twReuseDelayMs: 1000, expected: 1000 },
  { twReuse: 1, overLoopback: true, timestamps: 0, twReuseDelayMs: 1000, expected: 60_000 },
  { twReuse: 2, overLoopback: false, timestamps: 1, twReuseDelayMs: 1000, expected: 60_000 },
  { twReuse: 2, overLoopback: true, timestamps: 1, twReuseDelayMs: 250, expected: 250 },
  { twReuse: 2, overLoopback: true, timestamps: 1, twReuseDelayMs: 0, expected: 1 },
  { twReuse: 1, overLoopback: false, timestamps: 1, twReuseDelayMs: null, expected: 1000 },
])(
  'TIME_WAIT blocks a port for $expected ms with tcp_tw_reuse $twReuse, timestamps $timestamps, over loopback: $overLoopback',
  ({ overLoopback, expected, ...settings }) => {
    expect(blockedForMs({ range: [1, 2], reserved: [], ...settings }, { overLoopback })).toBe(expected);
  },
);
