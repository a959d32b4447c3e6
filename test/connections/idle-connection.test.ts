import type { Socket } from 'node:net';
import { endianness } from 'node:os';
import { afterEach, expect, test, vi } from 'vitest';
import { type IdleConnection, startProbing } from '../../src/connections/idle-connection.ts';
import type { Libc } from '../../src/linux/libc.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** A connection that idles, and a kernel that says of it what the test wants. */
function probed({ heldUpMs = 0 } = {}) {
  vi.useFakeTimers({ toFake: ['performance'], now: 0 });
  vi.advanceTimersByTime(60_000);
  /** `heldUpMs`: how long this program does not run once the kernel has answered. */
  const kernel = { probes: 0, heardAtMs: 0, heldUpMs };
  const tcpInfo = (): Uint8Array => {
    const bytes = new Uint8Array(160);
    bytes[0] = 1; // TCP_ESTABLISHED
    bytes[3] = kernel.probes;
    new DataView(bytes.buffer).setUint32(56, performance.now() - kernel.heardAtMs, endianness() === 'LE');
    vi.advanceTimersByTime(kernel.heldUpMs);
    return bytes;
  };
  const libc = { getsockopt: tcpInfo, setsockopt: () => {} } as Partial<Libc> as Libc; // nothing else is called
  const connection: IdleConnection = {
    socket: { destroyed: false, _handle: { fd: 7 } } as unknown as Socket, // of which only the descriptor is asked for
    watch: { ended: () => null, flooded: () => false },
    openedAtMs: 0,
    connectMs: 100,
    keepalive: { enabled: false, idleMs: 0, intervalMs: 0, count: 0, userTimeoutMs: 0 },
    traffic: { latestAtMs: 0, segmentCount: 0, dataSegmentCount: 0, keepsSending: false },
    conversation: null,
  };
  const probing = startProbing(connection, libc);
  if (probing === null) throw new Error('it idles');
  return { kernel, probing, look: probing.look };
}

test('a probe whose answer takes its time on the way was not lost', () => {
  const { kernel, look } = probed();
  kernel.probes = 1;
  expect(look()).toMatchObject({ kind: 'unanswered', probeCount: 1, lostCount: 0 });
  vi.advanceTimersByTime(150);
  Object.assign(kernel, { probes: 0, heardAtMs: performance.now() });
  expect(look()).toMatchObject({ kind: 'answered', lostCount: 0 });
});

test('a probe that is followed by one that was answered was lost', () => {
  const { kernel, look } = probed();
  kernel.probes = 1;
  look();
  vi.advanceTimersByTime(600);
  Object.assign(kernel, { probes: 0, heardAtMs: performance.now() });
  expect(look()).toMatchObject({ kind: 'answered', lostCount: 1 });
});

test('of several probes the last that was counted drew the answer that comes soon after it', () => {
  const { kernel, look } = probed();
  for (const probes of [1, 2, 3]) {
    kernel.probes = probes;
    look();
    vi.advanceTimersByTime(probes < 3 ? 600 : 200);
  }
  Object.assign(kernel, { probes: 0, heardAtMs: performance.now() });
  expect(look()).toMatchObject({ kind: 'answered', lostCount: 2 });
});

test('a program that is held up between the question and the clock takes that for no answer', () => {
  const { kernel, look } = probed();
  kernel.probes = 1;
  for (const heldUpMs of [0, 40, 3000]) {
    Object.assign(kernel, { heldUpMs });
    expect(look()).toMatchObject({ kind: 'unanswered' });
  }
  Object.assign(kernel, { probes: 0, heardAtMs: performance.now(), heldUpMs: 0 });
  expect(look()).toMatchObject({ kind: 'answered' });
});

test('a program that is held up when it begins takes the silence for no longer and no shorter than it was', () => {
  const { kernel, probing, look } = probed({ heldUpMs: 500 });
  // Silent since 0, asked at 60 s, and the first probe left at 60.5 s.
  expect(probing.idleAtLeastMs).toBe(60_000);
  Object.assign(kernel, { probes: 1, heldUpMs: 0 });
  look();
  expect(probing.idleAtMostMs()).toBeGreaterThanOrEqual(60_500);
});
