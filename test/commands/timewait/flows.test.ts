import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  closeRate,
  type FlowSocket,
  flowsOf,
  meanLifeAtMostMs,
  portsLeft,
  runsOutIn,
  servicesOf,
} from '../../../src/commands/timewait/flows.ts';
import { closes, timeWaitFlow } from './time-wait-flow.ts';

const WINDOW = { windowMs: 60_000, isLowerBound: false };

/** `192.0.2.1:40000 192.0.2.2:80`, established, or in TIME_WAIT with so much left. */
function socket(ends: string, timeWaitLeftMs: number | null = null, state?: FlowSocket['state']): FlowSocket {
  const [local = '', remote = ''] = ends.split(' ');
  const at = (text: string): [string, number] => [
    text.slice(0, text.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1'),
    Number(text.slice(text.lastIndexOf(':') + 1)),
  ];
  const [[localAddress, localPort], [remoteAddress, remotePort]] = [at(local), at(remote)];
  return {
    ...{ localAddress, localPort, remoteAddress, remotePort, timeWaitLeftMs },
    state: state ?? (timeWaitLeftMs === null ? 'established' : 'time-wait'),
  };
}

const listener = (place: string): FlowSocket => socket(`${place} 0.0.0.0:0`, null, 'listen');

describe('the rate of closing', () => {
  test('counts each socket in the sixth of the window in which it was closed, the newest first', () => {
    expect(closeRate([60_000, 59_999, 50_000, 49_999, 1], WINDOW)).toEqual({
      windowMs: 60_000,
      closed: 5,
      sixths: [3, 1, 0, 0, 0, 1],
      perSecond: 0.08,
      recentPerSecond: 0.3,
      trend: null,
      isLowerBound: false,
    });
  });

  test('leaves out what was closed longer ago, and whose timer is only late', () => {
    expect(closeRate([0, 0, 30_000], WINDOW)).toMatchObject({ closed: 1 });
  });

  test('counts what was closed in this very tick as new, also when its timer says more than the window', () => {
    expect(closeRate([60_000, 60_250], WINDOW).sixths).toEqual([2, 0, 0, 0, 0, 0]);
  });

  test.each([
    ['rising', [40, 40, 40, 10, 10, 10]],
    ['falling', [10, 10, 10, 40, 40, 40]],
    ['steady', [20, 20, 20, 20, 20, 20]],
    ['steady', [22, 20, 20, 18, 19, 20]],
    ['steady', [1000, 1000, 1000, 900, 900, 900]],
    [null, [10, 0, 0, 0, 0, 0]],
  ] as const)('is %s when the sixths are %j', (trend, sixths) => {
    const left = sixths.flatMap((count, part) => new Array<number>(count).fill(60_000 - 10_000 * part - 1));
    expect(closeRate(left, WINDOW)).toMatchObject({ sixths: [...sixths], trend });
  });

  test('loses no socket and invents none, whatever the timers say', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 61_000 })), (left) => {
        const { closed, sixths } = closeRate(left, WINDOW);
        expect(closed).toBe(left.filter((ms) => ms > 0).length);
        expect(sixths.reduce((sum, count) => sum + count, 0)).toBe(closed);
        expect(sixths).toHaveLength(6);
      }),
    );
  });
});

describe('the mean life', () => {
  test.each([
    [20, 16.7, 1198],
    [0, 4, 250], // one may just have been missed
    [5, 0, null],
  ])('of %i established and %d closed a second is %s', (established, perSecond, ms) => {
    expect(meanLifeAtMostMs(established, perSecond)).toBe(ms);
  });
});

describe('flows', () => {
  const sidesOf = (sockets: FlowSocket[], range: [number, number] | null = [32_768, 60_999]) =>
    flowsOf(sockets, range).map(
      ({ side, sideKnownBy, client, service, sockets: own }) =>
        `${side} by ${sideKnownBy}: ${client} to ${service}, ${own.length}`,
    );

  test.each([
    ['of one address', '10.0.0.1:80'],
    ['of all', '0.0.0.0:80'],
    ['of all, IPv6 too', '[::]:80'],
  ])('to a port with a listener %s are those of a server', (_, place) => {
    expect(sidesOf([listener(place), socket('10.0.0.1:80 10.0.0.2:40000')])).toEqual([
      'server by listener: 10.0.0.2 to 10.0.0.1:80, 1',
    ]);
  });

  test('to a port with a listener on another address are not', () => {
    expect(sidesOf([listener('127.0.0.1:40000'), socket('10.0.0.1:40000 10.0.0.2:80')])).toEqual([
      'client by port-range: 10.0.0.1 to 10.0.0.2:80, 1',
    ]);
  });

  test('over loopback have two ends, told apart by the listener even where all ports are of one range', () => {
    const ends = [socket('127.0.0.1:40000 127.0.0.1:50000'), socket('127.0.0.1:50000 127.0.0.1:40000')];
    expect(sidesOf([listener('127.0.0.1:50000'), ...ends])).toEqual([
      'client by listener: 127.0.0.1 to 127.0.0.1:50000, 1',
      'server by listener: 127.0.0.1 to 127.0.0.1:50000, 1',
    ]);
  });

  test('are of a client when the far port comes again, although both lie in the range', () => {
    const two = ['10.0.0.1:40000 10.0.0.2:50051', '10.0.0.1:40001 10.0.0.2:50051'];
    expect(sidesOf(two.map((ends) => socket(ends)))).toEqual(['client by repetition: 10.0.0.1 to 10.0.0.2:50051, 2']);
  });

  test('are of a server whose listener is gone when the near port comes again', () => {
    const two = ['10.0.0.1:8000 10.0.0.2:40000', '10.0.0.1:8000 10.0.0.3:40000'];
    expect(sidesOf(two.map((ends) => socket(ends, 5)))).toEqual([
      'server by repetition: 10.0.0.2 to 10.0.0.1:8000, 1',
      'server by repetition: 10.0.0.3 to 10.0.0.1:8000, 1',
    ]);
  });

  test('about which nothing is known are assumed to be of a client, and that is said', () => {
    expect(sidesOf([socket('10.0.0.1:1000 10.0.0.2:2000')], null)).toEqual([
      'client by assumed: 10.0.0.1 to 10.0.0.2:2000, 1',
    ]);
  });

  test('of IPv6 have their addresses in brackets where a port follows', () => {
    expect(sidesOf([socket('[2001:db8::1]:40000 [2001:db8::2]:443')])).toEqual([
      'client by port-range: 2001:db8::1 to [2001:db8::2]:443, 1',
    ]);
  });

  test('hold every connection once, and no listener', () => {
    const end = fc.tuple(fc.constantFrom('127.0.0.1', '10.0.0.1', '10.0.0.2'), fc.integer({ min: 1, max: 6 }));
    const any = fc.tuple(end, end, fc.constantFrom('established', 'time-wait', 'listen', 'close-wait'));
    fc.assert(
      fc.property(fc.array(any), (all) => {
        const sockets = all.map(([[localAddress, localPort], [remoteAddress, remotePort], state]) => ({
          ...{ localAddress, localPort, remoteAddress, remotePort, state: state as FlowSocket['state'] },
          timeWaitLeftMs: state === 'time-wait' ? 1000 : null,
        }));
        const own = flowsOf(sockets, [3, 6]).flatMap((flow) => flow.sockets);
        expect(new Set(own)).toEqual(new Set(sockets.filter(({ state }) => state !== 'listen')));
        expect(own).toHaveLength(new Set(own).size);
      }),
    );
  });
});

describe('the ports left', () => {
  const settings = {
    range: [40_000, 40_009] as const,
    reserved: [[40_009, 40_020]] as const,
    ...{ twReuse: 0, twReuseDelayMs: 1000, timestamps: 1 },
  };
  const rate = (recentPerSecond: number) => ({ ...closes(), recentPerSecond });
  const sockets = [
    socket('10.0.0.1:40000 10.0.0.2:80'),
    socket('10.0.0.1:40001 10.0.0.2:80', 59_500),
    socket('10.0.0.1:40002 10.0.0.2:80', 20_000),
    socket('10.0.0.1:50000 10.0.0.2:80', 20_000), // bound by hand
    socket('10.0.0.1:40009 10.0.0.2:80', 20_000), // reserved
  ];

  test('are the range without reserved ones, those in use, those in TIME_WAIT and those listened on', () => {
    expect(portsLeft(sockets, new Set([80, 40_000, 40_005]), settings, rate(0))).toEqual({
      ...{ usable: 9, busy: 2, waiting: 2, left: 5, blockedForMs: 60_000, runsOutInMs: null },
    });
  });

  test('are more with tcp_tw_reuse, which blocks a port for its delay only', () => {
    expect(portsLeft(sockets, new Set(), { ...settings, twReuse: 1 }, rate(0))).toMatchObject({
      ...{ waiting: 1, left: 7, blockedForMs: 1000 },
    });
  });

  test.each([
    ['127.0.0.1:40001 127.0.0.1:80', 1000],
    ['[::1]:40001 [::1]:80', 1000],
    ['10.0.0.1:40001 10.0.0.1:80', 60_000],
  ])('of %s with tcp_tw_reuse = 2, which is for loopback, are blocked for %i ms', (ends, blockedForMs) => {
    expect(portsLeft([socket(ends, 30_000)], new Set(), { ...settings, twReuse: 2 }, rate(0))).toMatchObject({
      blockedForMs,
    });
  });

  test('are none, and never fewer, when everything is taken', () => {
    const all = Array.from({ length: 12 }, (_, index) => socket(`10.0.0.1:${40_000 + index} 10.0.0.2:80`, 50_000));
    expect(portsLeft(all, new Set([40_000]), settings, rate(5))).toMatchObject({ left: 0, runsOutInMs: 0 });
  });
});

describe('when ports run out', () => {
  test.each<[string, number, number[], number, number | null]>([
    ['nothing is opened', 10, [], 0, null],
    ['there is room for a whole TIME_WAIT of them', 61, [], 1, null],
    ['there is room for less', 30, [], 1, 30_000],
    ['some are waiting and none comes free in time', 30, [55_000, 56_000], 1, 28_000],
    ['some come free in time', 30, [10_000, 10_000], 1, 30_000],
    ['all are waiting', 2, [5, 6], 1, 0],
    ['what comes free is always enough', 62, [10_000, 20_000], 1, null],
  ])('and %s', (_, room, waiting, perSecond, expected) => {
    expect(runsOutIn(room, waiting, 60_000, perSecond)).toBe(expected);
  });

  test('agrees with taking one after the other', () => {
    const some = fc.record({
      room: fc.integer({ min: 0, max: 80 }),
      waiting: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60 }),
      perSecond: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(some, ({ room, waiting, perSecond }) => {
        // Whole seconds: first come free those of this second, then new ones are taken.
        const takenAt = (second: number): number =>
          waiting.filter((end) => end >= second).length + perSecond * Math.min(second, 60);
        const full = Array.from({ length: 61 }, (_, second) => second).find((second) => takenAt(second) >= room);
        const found = runsOutIn(
          room,
          waiting.map((seconds) => seconds * 1000),
          60_000,
          perSecond,
        );
        expect(found === null).toBe(full === undefined || (perSecond === 0 && full > 0));
        if (found !== null && full !== undefined) expect(Math.ceil(found / 1000)).toBe(full);
      }),
    );
  });
});

test('services are those of a server with several clients, the most in TIME_WAIT first', () => {
  const one = timeWaitFlow({ side: 'server', service: '10.0.0.1:80', timeWait: 1, established: 2 });
  const other = timeWaitFlow({ side: 'server', service: '10.0.0.1:443', timeWait: 3, established: 4 });
  const clientSide = timeWaitFlow({ side: 'client', service: '10.0.0.9:80' });
  const lonely = timeWaitFlow({ side: 'server', service: '10.0.0.1:22' });
  expect(servicesOf([one, one, other, other, lonely, clientSide, clientSide])).toEqual([
    { service: '10.0.0.1:443', clients: 2, established: 8, timeWait: 6, perSecond: 33.34 },
    { service: '10.0.0.1:80', clients: 2, established: 4, timeWait: 2, perSecond: 33.34 },
  ]);
});
