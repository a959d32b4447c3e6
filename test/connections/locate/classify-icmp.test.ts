import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classifyAnswer, type FlowSigns } from '../../../src/connections/locate/classify-icmp.ts';

const NONE = { timeExceeded: 100, unreachable: 50, outOfWindow: 7 };

/** Signs of one segment, with the counters risen by as much as is given. */
function signs(rise: Partial<typeof NONE>, rest: Partial<FlowSigns> = {}): FlowSigns {
  const after = {
    timeExceeded: NONE.timeExceeded + (rise.timeExceeded ?? 0),
    unreachable: NONE.unreachable + (rise.unreachable ?? 0),
    outOfWindow: NONE.outOfWindow + (rise.outOfWindow ?? 0),
  };
  return { means: 'keepalive', errno: null, before: NONE, after, sent: 1, synAnswers: 0, ...rest };
}

describe('a keepalive probe', () => {
  test.each([
    ['nothing', {}, {}, null],
    ['time exceeded, out of window', { timeExceeded: 1, outOfWindow: 1 }, {}, 'expired'],
    ['unreachable, out of window', { unreachable: 1, outOfWindow: 1 }, {}, 'rejected'],
    ['two of three answered', { timeExceeded: 2, outOfWindow: 2 }, { sent: 3 }, 'expired'],
    ['time exceeded for something else, such as ping', { timeExceeded: 1 }, {}, null],
    ['an error of another kind about something else', { outOfWindow: 1 }, {}, null],
    ['the answer to the SYN', { timeExceeded: 1 }, { synAnswers: 1 }, null],
    ['the answer to the SYN, and one to another’s probe', { timeExceeded: 1, outOfWindow: 1 }, { synAnswers: 1 }, null],
    ['answers to both', { timeExceeded: 2, outOfWindow: 1 }, { synAnswers: 1 }, 'expired'],
    [
      'a rejection beside the answer to the SYN',
      { timeExceeded: 1, unreachable: 1, outOfWindow: 1 },
      { synAnswers: 1 },
      'rejected',
    ],
    ['both kinds', { timeExceeded: 1, unreachable: 1, outOfWindow: 1 }, {}, 'unclear'],
    ['more than there were probes', { timeExceeded: 2, outOfWindow: 2 }, {}, 'unclear'],
    ['no counters', { timeExceeded: 1, outOfWindow: 1 }, { before: null }, null],
  ] as const)('that draws %s', (_, rise, rest, expected) => {
    expect(classifyAnswer(signs(rise, rest))).toBe(expected);
  });
});

describe('a byte of payload', () => {
  test.each([
    ['no error', null, {}, {}, null],
    ['no error, though counters rise', null, { timeExceeded: 1, outOfWindow: 1 }, {}, null],
    ['EHOSTUNREACH with time exceeded', 'EHOSTUNREACH', { timeExceeded: 1 }, {}, 'expired'],
    ['EHOSTUNREACH with unreachable', 'EHOSTUNREACH', { unreachable: 1 }, {}, 'rejected'],
    [
      'EHOSTUNREACH with unreachable beside the answer to the SYN',
      'EHOSTUNREACH',
      { timeExceeded: 1, unreachable: 1 },
      { synAnswers: 1 },
      'rejected',
    ],
    ['EHOSTUNREACH with both', 'EHOSTUNREACH', { timeExceeded: 1, unreachable: 1 }, {}, 'unclear'],
    ['EHOSTUNREACH with neither: an error about an earlier one', 'EHOSTUNREACH', {}, {}, 'unclear'],
    ['EHOSTUNREACH without counters', 'EHOSTUNREACH', {}, { before: null, after: null }, 'expired'],
    ['EACCES: administratively prohibited over IPv6', 'EACCES', { unreachable: 1 }, {}, 'rejected'],
    ['ECONNREFUSED: port unreachable', 'ECONNREFUSED', {}, { before: null, after: null }, 'rejected'],
  ] as const)('that draws %s', (_, errno, rise, rest, expected) => {
    expect(classifyAnswer(signs(rise, { means: 'bytes', errno, ...rest }))).toBe(expected);
  });
});

test('without a counter that rises a probe is never answered', () => {
  const quiet = fc.record({ timeExceeded: fc.nat(5), unreachable: fc.nat(5) });
  fc.assert(
    fc.property(quiet, fc.nat(5), fc.nat(2), (rise, sent, synAnswers) => {
      expect(classifyAnswer(signs(rise, { sent, synAnswers }))).toBeNull();
    }),
  );
});
