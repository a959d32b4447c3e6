import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sysctlSettings } from '../../src/commands/sysctl/settings.ts';
import { parseCount, parsePortList, parsePortRange, readHostKeepalive, readSysctl } from '../../src/linux/sysctl.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/proc-sys/${name}`, import.meta.url));

describe('readSysctl', () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'kaprobe-proc-sys-'));
    mkdirSync(join(root, 'net/ipv4/a_folder'), { recursive: true });
    writeFileSync(join(root, 'net/ipv4/endless'), '1'.repeat(70_000));
    writeFileSync(join(root, 'net/ipv4/odd_bytes'), Buffer.from([0xff, 0x1b, 0x0a]));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('turns the tab between numbers into one space and drops the line end', () => {
    const reading = readSysctl('net.ipv4.ip_local_port_range', fixture('stock-6.18-conntrack-loaded'));
    expect(reading).toEqual({ kind: 'text', text: '32768 60999' });
  });

  test('reads an empty setting as an empty text, not as a missing one', () => {
    const reading = readSysctl('net.ipv4.ip_local_reserved_ports', fixture('stock-6.18-conntrack-loaded'));
    expect(reading).toEqual({ kind: 'text', text: '' });
  });

  test.each([
    ['is missing', 'net.ipv4.nowhere', 'ENOENT'],
    ['is a folder', 'net.ipv4.a_folder', 'EISDIR'],
  ])('a setting that %s is unreadable and names the errno', (_how, name, errno) => {
    const reading = readSysctl(name, root);
    expect(reading).toMatchObject({ kind: 'unreadable', errno });
    expect(reading).toHaveProperty('reason', expect.stringContaining(errno));
  });

  test('stops reading at 64 KiB and says so', () => {
    expect(readSysctl('net.ipv4.endless', root)).toEqual({
      kind: 'unreadable',
      errno: null,
      reason: 'longer than 65536 bytes',
    });
  });

  test('takes any bytes', () => {
    expect(readSysctl('net.ipv4.odd_bytes', root)).toEqual({ kind: 'text', text: 'ÿ\x1b' });
  });

  test('never throws, whatever the name', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        expect(['text', 'unreadable']).toContain(readSysctl(name, root).kind);
      }),
    );
  });
});

describe('readHostKeepalive', () => {
  test('is what a socket gets that only sets SO_KEEPALIVE', () => {
    expect(readHostKeepalive(fixture('stock-6.18-conntrack-loaded'))).toEqual({
      enabled: true,
      idleMs: 7_200_000,
      intervalMs: 75_000,
      count: 9,
      userTimeoutMs: 0,
    });
  });

  test('is unmeasured, with the first reason and how many more, where the settings are hidden', () => {
    expect(readHostKeepalive(fixture('keepalive-hidden'))).toEqual({
      kind: 'unmeasured',
      reason: expect.stringMatching(/tcp_keepalive_time: ENOENT \(and 2 more\)$/),
    });
  });

  test('is unmeasured, never zero, where a text is no number', () => {
    expect(readHostKeepalive(fixture('values-are-no-numbers'))).toEqual({
      kind: 'unmeasured',
      reason: 'net.ipv4.tcp_keepalive_time reads "-1", which is not a number (and 2 more)',
    });
  });
});

describe('parsing', () => {
  test.each([
    ['0', 0],
    ['432000', 432_000],
    ['', null],
    ['-1', null],
    ['1 2', null],
    ['1.5', null],
    ['0x10', null],
    ['9'.repeat(16), null],
  ])('the count %o is %o', (text, expected) => {
    expect(parseCount(text)).toBe(expected);
  });

  test.each([
    ['32768 60999', [32_768, 60_999]],
    ['1 1', [1, 1]],
    ['60999 32768', null],
    ['32768', null],
    ['1 2 3', null],
    ['1 65536', null],
    ['', null],
  ])('the port range %o is %o', (text, expected) => {
    expect(parsePortRange(text)).toEqual(expected);
  });

  test.each([
    ['', []],
    ['8080', [[8080, 8080]]],
    [
      '8080,9148,40000-40100',
      [
        [8080, 8080],
        [9148, 9148],
        [40_000, 40_100],
      ],
    ],
    ['80-', null],
    ['-80', null],
    ['1-2-3', null],
    ['90-80', null],
    ['1,,2', null],
    ['70000', null],
  ])('the port list %o is %o', (text, expected) => {
    expect(parsePortList(text)).toEqual(expected);
  });

  test('any text is ports or null, nothing else', () => {
    const port = fc.nat(70_000).map(String);
    const nearly = fc
      .array(fc.oneof(port, fc.constantFrom('-', ',', ' ', ''), fc.string()))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(nearly, (text) => {
        for (const [first, last] of [...(parsePortList(text) ?? []), ...[parsePortRange(text) ?? [0, 0]]]) {
          expect(first).toBeLessThanOrEqual(last);
          expect(last).toBeLessThanOrEqual(65_535);
        }
      }),
    );
  });
});

describe('sysctlSettings', () => {
  test('has defaults in the form in which the kernel prints them', () => {
    for (const { name, default: standard } of sysctlSettings) {
      if (standard === null) continue;
      const reading = readSysctl(name, fixture('stock-6.18-conntrack-loaded'));
      if (name === 'net.ipv4.tcp_tw_recycle') expect(reading.kind).toBe('unreadable');
      else expect([name, reading]).toEqual([name, { kind: 'text', text: standard }]);
    }
  });

  test('names each setting once', () => {
    const names = sysctlSettings.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });
});
