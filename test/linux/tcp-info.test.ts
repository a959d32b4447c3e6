import { endianness } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Libc } from '../../src/linux/libc.ts';
import { copyOfInfo, readTcpInfo, TcpInfoView } from '../../src/linux/tcp-info.ts';

/** Where the fields stand in struct tcp_info (linux/tcp.h): one byte each up to the eighth, four from there on. */
const U8 = { state: 0, retransmits: 2, probes: 3 } as const;
const U32 = {
  unacked: 24,
  lastDataSent: 44,
  lastDataRecv: 52,
  lastAckRecv: 56,
  rtt: 68,
  rttvar: 72,
  bytesReceived: 128,
  bytesReceivedHigh: 132,
  segsOut: 136,
  segsIn: 140,
  notsentBytes: 144,
  dataSegsIn: 152,
} as const;

/** What is read out of these bytes. */
const decodeTcpInfo = (bytes: Uint8Array) => copyOfInfo(new TcpInfoView(bytes));

/** A struct of the size given, every byte not named set to 0xee so that a wrong offset shows. */
function struct(fields: Partial<Record<keyof typeof U8 | keyof typeof U32, number>>, sizeBytes = 160): Uint8Array {
  const bytes = new Uint8Array(256).fill(0xee);
  const view = new DataView(bytes.buffer);
  for (const [name, value] of Object.entries(fields)) {
    if (name in U8)
      bytes[U8[name as keyof typeof U8]] = value; // just tested
    else view.setUint32(U32[name as keyof typeof U32], value, endianness() === 'LE'); // the only other names
  }
  return bytes.subarray(0, sizeBytes);
}

const full = {
  ...{ state: 1, retransmits: 9, probes: 2, unacked: 5, lastDataSent: 5000, lastDataRecv: 4000, lastAckRecv: 3000 },
  ...{ rtt: 12_345, bytesReceived: 10, bytesReceivedHigh: 0 },
  ...{ segsOut: 7, segsIn: 6, notsentBytes: 8, dataSegsIn: 4 },
};

describe('struct tcp_info', () => {
  test('reads each field at its offset in the header file', () => {
    expect(decodeTcpInfo(struct(full))).toEqual({
      state: 'established',
      retransmits: 9,
      unansweredProbes: 2,
      unackedSegments: 5,
      rttMs: 12.345,
      lastAckReceivedMs: 3000,
      lastDataSentMs: 5000,
      bytesReceived: 10,
      lastDataReceivedMs: 4000,
      segmentsOut: 7,
      segmentsIn: 6,
      notSentBytes: 8,
      dataSegmentsIn: 4,
    });
  });

  test('reads the same from a longer struct, of a newer kernel', () => {
    expect(decodeTcpInfo(struct(full, 256))).toEqual(decodeTcpInfo(struct(full)));
  });

  test('reads bytes that stand in the middle of a buffer', () => {
    const buffer = new Uint8Array(300);
    buffer.set(struct(full), 37);
    expect(decodeTcpInfo(buffer.subarray(37, 197))).toEqual(decodeTcpInfo(struct(full)));
  });

  test.each([
    [160, 6, 4],
    [156, 6, 4],
    [155, 6, null],
    [144, 6, null],
    [143, null, null],
    [136, null, null],
  ])('a struct of %d bytes counts %s segments and %s with payload', (sizeBytes, segmentsIn, dataSegmentsIn) => {
    expect(decodeTcpInfo(struct(full, sizeBytes))).toMatchObject({
      segmentsIn,
      dataSegmentsIn,
      lastAckReceivedMs: 3000,
    });
  });

  test.each([
    [72, 12.345, 3000],
    [71, null, 3000],
    [60, null, 3000],
    [59, null, null],
    [8, null, null],
  ])('a struct of %d bytes has the round-trip time %s and the silence %s', (sizeBytes, rttMs, lastAckReceivedMs) => {
    expect(decodeTcpInfo(struct(full, sizeBytes))).toEqual({
      state: 'established',
      retransmits: 9,
      unansweredProbes: 2,
      lastDataSentMs: sizeBytes < 48 ? null : 5000,
      bytesReceived: null,
      unackedSegments: sizeBytes < 28 ? null : 5,
      rttMs,
      lastAckReceivedMs,
      lastDataReceivedMs: sizeBytes < 56 ? null : 4000,
      segmentsOut: null,
      segmentsIn: null,
      notSentBytes: null,
      dataSegmentsIn: null,
    });
  });

  // net/tcp_states.h: 2 SYN_SENT, 7 CLOSE, 8 CLOSE_WAIT.
  test.each([0, 2, 7, 8, 11, 255])('state %d is not established', (state) => {
    expect(decodeTcpInfo(struct({ ...full, state })).state).not.toBe('established');
  });

  test.each([
    [136, 6_000_000_000_000],
    [135, null],
  ])('a struct of %d bytes has received %s', (sizeBytes, bytesReceived) => {
    const [low, high] = [6_000_000_000_000 % 2 ** 32, Math.floor(6_000_000_000_000 / 2 ** 32)];
    const halves = endianness() === 'LE' ? [low, high] : [high, low];
    const counted = struct({ ...full, bytesReceived: halves[0] ?? 0, bytesReceivedHigh: halves[1] ?? 0 }, sizeBytes);
    expect(decodeTcpInfo(counted).bytesReceived).toBe(bytesReceived);
  });

  test('keeps counters apart from negative numbers', () => {
    expect(decodeTcpInfo(struct({ ...full, segsIn: 0xffff_ffff })).segmentsIn).toBe(4_294_967_295);
  });

  test('makes of any bytes numbers or null, and never fails', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { state, unansweredProbes, ...numbers } = decodeTcpInfo(bytes);
        expect(state === 'established').toBe(bytes[0] === 1);
        expect(unansweredProbes).toBe(bytes[3] ?? 0);
        for (const value of Object.values(numbers)) {
          expect(value === null || (Number.isFinite(value) && value >= 0)).toBe(true);
        }
      }),
    );
  });
});

test('readTcpInfo asks for TCP_INFO and decodes what comes back', () => {
  const asked: number[][] = [];
  const getsockopt: Libc['getsockopt'] = (...numbers) => {
    asked.push(numbers);
    return struct(full, 72);
  };
  const libc = { getsockopt } as Libc; // all that it may call
  expect(readTcpInfo(libc, 9)).toMatchObject({ rttMs: 12.345, segmentsIn: null });
  expect(asked).toEqual([[9, 6, 11, 160]]);
});
