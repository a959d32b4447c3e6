import { describe, expect, test } from 'vitest';
import { isNamedRight, planDemonstration } from '../../../src/commands/lab/demonstration.ts';
import { type FirewallOptions, settle } from '../../../src/commands/lab/options.ts';
import type { Dropper } from '../../../src/connections/observation.ts';

const plan = (firewall: FirewallOptions, secondFirewall: FirewallOptions | null = null) =>
  planDemonstration(settle({ firewall, secondFirewall }).firewalls);

describe('planDemonstration', () => {
  test('idles for longer than the timeout, and probes twice within it', () => {
    expect(plan({ idleTimeoutMs: 5000 })).toEqual({
      surviveMs: 7000,
      keepalive: { idleMs: 2000, intervalMs: 1000, count: 8 },
      forgetful: 0,
    });
    expect(plan({ idleTimeoutMs: 60_000 })).toEqual({
      surviveMs: 62_000,
      keepalive: { idleMs: 30_000, intervalMs: 1000, count: 3 },
      forgetful: 0,
    });
  });

  test.each([1000, 2000, 3000, 5000, 9000, 3_600_000])(
    'has a keepalive that the kernel takes and that tolerates ten seconds of silence, for %i ms',
    (idleTimeoutMs) => {
      const { idleMs, intervalMs, count } = plan({ idleTimeoutMs }).keepalive;
      expect(idleMs % 1000).toBe(0);
      expect(idleMs).toBeGreaterThanOrEqual(1000);
      expect(idleMs).toBeLessThanOrEqual(Math.max(1000, idleTimeoutMs / 2));
      expect(idleMs + intervalMs * count).toBeGreaterThanOrEqual(10_000);
      expect(count).toBeLessThanOrEqual(127);
    },
  );

  test.each<[first: number, second: number, surviveMs: number, forgetful: number]>([
    [5000, 60_000, 7000, 0],
    [60_000, 5000, 7000, 1],
    [5000, 9000, 11_000, 0],
    [9000, 5000, 11_000, 0], // both have forgotten, and the first is met first
    [11_000, 5000, 13_000, 0],
    [12_000, 5000, 7000, 1],
  ])('knows who drops when two firewalls forget after %i and %i ms', (first, second, surviveMs, forgetful) => {
    expect(plan({ idleTimeoutMs: first }, { idleTimeoutMs: second })).toMatchObject({ surviveMs, forgetful });
  });

  test('expects nobody to stop a connection that is learnt again', () => {
    expect(plan({ idleTimeoutMs: 5000, onExpiry: 'relearn' }).forgetful).toBe(null);
  });

  test.each(['drop', 'reset', 'icmp'] as const)('expects the firewall to stop a connection at %s', (onExpiry) => {
    expect(plan({ idleTimeoutMs: 5000, onExpiry }).forgetful).toBe(0);
  });
});

describe('isNamedRight', () => {
  const forgetful = { name: 'firewall-1', address: '10.9.2.2', hop: 2 };
  const dropper = (lastAnsweringAddress: string | null, address: string | null): Dropper => ({
    hop: 3,
    address,
    lastAnsweringHop: 2,
    lastAnsweringAddress,
    hops: [],
    doubt: '',
  });

  test('holds for the box that still answers and for the one behind it', () => {
    expect(isNamedRight(dropper('10.9.2.2', '10.9.3.2'), forgetful)).toBe(true);
    expect(isNamedRight(dropper('10.9.1.2', '10.9.2.2'), forgetful)).toBe(true);
  });

  test('does not hold for any other', () => {
    expect(isNamedRight(dropper('10.9.3.2', '10.9.4.2'), forgetful)).toBe(false);
  });

  test('is unknown when nothing was named or nobody forgot', () => {
    expect(isNamedRight(dropper(null, null), forgetful)).toBe(null);
    expect(isNamedRight(null, forgetful)).toBe(null);
    expect(isNamedRight(dropper('10.9.2.2', null), null)).toBe(null);
  });
});
