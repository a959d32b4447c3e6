import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIcmpCounters, readIcmpCounters } from '../../../src/linux/procfs/icmp-counters.ts';

// Linux 6.18, the columns in between left out.
const SNMP = `Ip: Forwarding DefaultTTL InReceives
Ip: 1 64 1200
Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs
Icmp: 12 0 0 3 9 0
IcmpMsg: InType3 InType11
IcmpMsg: 3 9
`;
const SNMP6 = `Ip6InReceives                   \t150
Icmp6InMsgs                     \t70
Icmp6InDestUnreachs             \t5
Icmp6InTimeExcds                \t31
Icmp6OutDestUnreachs            \t77
Icmp6OutTimeExcds               \t78
`;
const NETSTAT = `TcpExt: SyncookiesSent OutOfWindowIcmps LockDroppedIcmps
TcpExt: 0 17 2
IpExt: InNoRoutes InTruncatedPkts
IpExt: 1 2
`;

describe('parseIcmpCounters', () => {
  test('reads those of IPv4, each below its name', () => {
    expect(parseIcmpCounters(SNMP, NETSTAT)).toEqual({ timeExceeded: 9, unreachable: 3, outOfWindow: 17 });
  });

  test('reads those of IPv6, each beside its name, and not those of what was sent', () => {
    expect(parseIcmpCounters(SNMP6, NETSTAT)).toEqual({ timeExceeded: 31, unreachable: 5, outOfWindow: 17 });
  });

  test.each([
    ['no text', '', NETSTAT],
    ['no netstat', SNMP, ''],
    ['a column that this kernel lacks', SNMP.replace('InTimeExcds', 'Other'), NETSTAT],
    ['a line of values that is cut short', SNMP.replace('3 9 0', ''), NETSTAT],
    ['a value that is no number', SNMP.replace('3 9 0', '3 -9 0'), NETSTAT],
    ['a name without a value', SNMP6.replace('31', ''), NETSTAT],
  ])('makes nothing of %s', (_, icmp, netstat) => {
    expect(parseIcmpCounters(icmp, netstat)).toBeNull();
  });

  test('makes of any text counters or null', () => {
    const lines = fc.array(fc.oneof(fc.constantFrom(...SNMP.split('\n'), ...NETSTAT.split('\n')), fc.string()));
    fc.assert(
      fc.property(lines, lines, (icmp, netstat) => {
        const counters = parseIcmpCounters(icmp.join('\n'), netstat.join('\n'));
        const wrong = Object.values(counters ?? {}).filter((value) => !Number.isSafeInteger(value) || value < 0);
        expect(wrong).toEqual([]);
      }),
    );
  });
});

test.skipIf(process.platform !== 'linux')('this kernel shows the counters of IPv4 (needs Linux)', () => {
  expect(readIcmpCounters(4)).toEqual({
    timeExceeded: expect.any(Number),
    unreachable: expect.any(Number),
    outOfWindow: expect.any(Number),
  });
});
