import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TCP_STATES } from '../../../src/base/tcp-state.ts';
import { type ConnectionLook, watchConnections } from '../../../src/commands/watch/decide-events.ts';

const LIMITS = { quietMs: 60_000, unansweredUntilStalled: 3, wereThere: true };

/** An established connection on which everything was answered a moment ago. */
function look(different: Partial<ConnectionLook> = {}): ConnectionLook {
  return {
    ...{ id: 'a', local: '10.0.0.1:40000', remote: '10.0.0.2:80', state: 'established' },
    ...{ unansweredProbes: 0, probeKind: 'keepalive', probeLimit: null, retransmits: 0, unackedSegments: 0 },
    ...{ rttMs: 1, lastAckReceivedMs: 10, lastDataSentMs: 10, lastDataReceivedMs: 10 },
    ...different,
  };
}

type Step = Partial<ConnectionLook> | null;

/** The connection as each look shows it, half a second apart (null: it is missing), and the events of each look. */
function watched(steps: readonly Step[], limits = LIMITS): string[][] {
  const connections = watchConnections(limits);
  return steps.map((step, index) =>
    connections.observe(step === null ? [] : [look(step)], index * 500).map(({ event }) => event),
  );
}

/** The events after the first look, all in one list. */
const after = (steps: readonly Step[], limits = LIMITS): string[] =>
  watched([{}, ...steps], limits)
    .slice(1)
    .flat();

describe('what is there at first', () => {
  test('is told as one event, with its number', () => {
    const looks = [look(), look({ id: 'b' })];
    expect(watchConnections(LIMITS).observe(looks, 0)).toEqual([
      { event: 'found', id: null, connection: null, evidence: { connections: 2 } },
    ]);
  });

  test('may be nothing, which is told as well', () => {
    expect(watchConnections(LIMITS).observe([], 0)).toMatchObject([{ evidence: { connections: 0 } }]);
  });

  test('is told one by one where it was not there before', () => {
    expect(watchConnections({ ...LIMITS, wereThere: false }).observe([look()], 0)).toEqual([
      { event: 'established', id: 'a', connection: { local: '10.0.0.1:40000', remote: '10.0.0.2:80' }, evidence: {} },
    ]);
  });

  test('tells no end that had come before', () => {
    expect(watched([{ state: 'close-wait' }, { state: 'close-wait' }, null, null, null]).flat()).toEqual(['found']);
  });
});

describe('a connection', () => {
  test.each<[title: string, steps: Step[], events: string[]]>([
    ['on which all is well says nothing', [{}, {}, {}], []],
    ['that is gone from one listing only is not gone', [null, {}, null, {}], []],
    ['that is gone from two is', [null, null], ['gone']],
    [
      'that the peer closes is told at once, and once',
      [{ state: 'close-wait' }, null, { state: 'close-wait' }, null, null],
      ['closed-by-peer'],
    ],
    ['whose FIN answers the peer’s was closed by the peer', [{ state: 'last-ack' }, null], ['closed-by-peer']],
    ['in TIME_WAIT was closed here', [null, { state: 'time-wait' }, null], ['closed-here']],
    ['in FIN-WAIT was closed here', [{ state: 'fin-wait-2' }, { state: 'time-wait' }, null], ['closed-here']],
    ['whose probe has just left is not accused', [{ unansweredProbes: 1 }, {}], []],
    [
      'whose probe stays without an answer is',
      [{ unansweredProbes: 1 }, { unansweredProbes: 1 }],
      ['probe-unanswered'],
    ],
    ['with two unanswered probes is at once', [{ unansweredProbes: 2 }], ['probe-unanswered']],
    [
      'tells each further probe once, and the third is a stall',
      [
        { unansweredProbes: 2 },
        { unansweredProbes: 2 },
        { unansweredProbes: 3 },
        { unansweredProbes: 3 },
        { unansweredProbes: 4 },
      ],
      ['probe-unanswered', 'probe-unanswered', 'stalled', 'probe-unanswered'],
    ],
    [
      'that gives up after two stalls at two',
      [{ unansweredProbes: 2, probeLimit: 2 }],
      ['probe-unanswered', 'stalled'],
    ],
    [
      'that answers after all has recovered',
      [{ unansweredProbes: 3 }, {}, {}],
      ['probe-unanswered', 'stalled', 'recovered'],
    ],
    [
      'tells retransmissions, and the third is a stall',
      [{ retransmits: 2 }, { retransmits: 3 }],
      ['retransmitting', 'retransmitting', 'stalled'],
    ],
    [
      'that goes over from probes to data has not recovered',
      [{ unansweredProbes: 2 }, { retransmits: 2 }, {}],
      ['probe-unanswered', 'retransmitting', 'recovered'],
    ],
    [
      'can stall twice',
      [{ unansweredProbes: 3 }, {}, { unansweredProbes: 3 }],
      ['probe-unanswered', 'stalled', 'recovered', 'probe-unanswered', 'stalled'],
    ],
    [
      'that goes with all of its probes unanswered was given up',
      [{ unansweredProbes: 3, probeLimit: 3 }, null, null],
      ['probe-unanswered', 'stalled', 'timed-out'],
    ],
    [
      'that goes with some unanswered is gone, and nobody knows how',
      [{ unansweredProbes: 3, probeLimit: 9 }, null, null],
      ['probe-unanswered', 'stalled', 'gone'],
    ],
    [
      'whose limit is not known is gone as well',
      [{ unansweredProbes: 9 }, null, null],
      ['probe-unanswered', 'stalled', 'gone'],
    ],
    [
      'that is quiet is told at a minute, two and four',
      [{ ...quiet(59_000) }, quiet(60_000), quiet(61_000), quiet(120_000), quiet(240_000)],
      ['quiet', 'quiet', 'quiet'],
    ],
    [
      'that speaks and is quiet again is told from the beginning',
      [quiet(70_000), quiet(100), quiet(60_000)],
      ['quiet', 'quiet'],
    ],
    [
      'that only its keepalive keeps busy is quiet all the same',
      [{ ...quiet(60_000), lastAckReceivedMs: 5 }],
      ['quiet'],
    ],
    ['of which payload is not known is never quiet', [{ lastDataSentMs: null }], []],
    ['that is being made is not stalled', [{ id: 'b', state: 'syn-sent', retransmits: 5 }], []],
  ])('%s', (_, steps, events) => {
    expect(after(steps)).toEqual(events);
  });

  test('with a probe that has just left asks to be looked at again soon', () => {
    const connections = watchConnections(LIMITS);
    const unsure = (different: Partial<ConnectionLook>, atMs: number): boolean => {
      connections.observe([look(different)], atMs);
      return connections.isUnsure;
    };
    expect(unsure({}, 0)).toBe(false);
    expect(unsure({ unansweredProbes: 1 }, 500)).toBe(true);
    expect(unsure({ unansweredProbes: 1 }, 1000)).toBe(false);
    expect(unsure({}, 1500)).toBe(false);
  });

  test('is accused later on a path that takes longer', () => {
    const slow = { unansweredProbes: 1, rttMs: 300 };
    expect(watched([{}, slow, slow, slow, slow]).slice(1)).toEqual([[], [], [], ['probe-unanswered']]);
  });

  test('that was quiet before is told when its silence has doubled', () => {
    expect(watched([quiet(100_000), quiet(119_000), quiet(120_000)])).toEqual([['found'], [], ['quiet']]);
  });

  test('that comes while it is watched is told', () => {
    expect(watched([null, { state: 'syn-sent' }, {}, {}])).toEqual([['found'], [], ['established'], []]);
  });

  test('brings the evidence along', () => {
    const connections = watchConnections(LIMITS);
    connections.observe([look()], 0);
    const stalled = { unansweredProbes: 3, probeLimit: 9, lastAckReceivedMs: 4000 };
    expect(connections.observe([look(stalled)], 1000).map(({ evidence }) => evidence)).toEqual([
      { unansweredProbes: 3, probeLimit: 9, lastAcknowledgedMs: 4000 },
      { unansweredProbes: 3, probeLimit: 9, retransmits: 0, lastAcknowledgedMs: 4000 },
    ]);
    expect(connections.observe([look()], 3500).map(({ evidence }) => evidence)).toEqual([
      { unansweredForMs: 2500, wasStalled: true },
    ]);
  });

  test('says when its probes are those of a closed window', () => {
    const connections = watchConnections(LIMITS);
    connections.observe([look()], 0);
    expect(connections.observe([look({ unansweredProbes: 2, probeKind: 'window' })], 500)).toMatchObject([
      { event: 'probe-unanswered', evidence: { probe: 'window' } },
    ]);
  });

  test('of kaprobe’s own ends as its socket says, and nothing more is told of it', () => {
    const connections = watchConnections({ ...LIMITS, wereThere: false });
    connections.observe([look({ unansweredProbes: 2 })], 0);
    expect(connections.ended('a', 'timed-out', { livedForMs: 5 }, 700)).toMatchObject({
      event: 'timed-out',
      evidence: { unansweredForMs: 700, unansweredProbes: 2, livedForMs: 5 },
    });
    expect(connections.ended('a', 'reset', {}, 800)).toBeNull();
    expect([connections.observe([], 900), connections.observe([], 1000), connections.count]).toEqual([[], [], 0]);
  });
});

/** No payload for so long. */
function quiet(ms: number): Step {
  return { lastDataSentMs: ms + 5, lastDataReceivedMs: ms, lastAckReceivedMs: ms };
}

describe('whatever the looks show', () => {
  /** After these everything begins anew; one that is gone may come back in a later listing. */
  const AFRESH = ['recovered', 'gone', 'timed-out', 'closed-by-peer', 'closed-here'];
  const anyLook = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    state: fc.constantFrom(...TCP_STATES),
    unansweredProbes: fc.option(fc.nat(12)),
    probeLimit: fc.option(fc.integer({ min: 1, max: 12 })),
    retransmits: fc.option(fc.nat(12)),
    lastDataSentMs: fc.option(fc.nat(1_000_000)),
    lastDataReceivedMs: fc.option(fc.nat(1_000_000)),
  });
  const anyLooks = fc.array(fc.uniqueArray(anyLook, { selector: ({ id }) => id }), { maxLength: 30 });

  test('a connection ends once, recovers only from what was told, and is forgotten when it is gone', () => {
    fc.assert(
      fc.property(anyLooks, (all) => {
        const connections = watchConnections(LIMITS);
        const lives = new Map<string, string[]>();
        for (const [index, looks] of all.entries()) {
          for (const { id, event } of connections.observe(
            looks.map((each) => look(each)),
            index * 500,
          ))
            lives.set(`${id}`, [...(lives.get(`${id}`) ?? []), event]);
        }
        for (const events of lives.values()) {
          for (const [index, event] of events.entries()) {
            const before = events.slice(0, index);
            const since = before.slice(before.findLastIndex((each) => AFRESH.includes(each)) + 1);
            if (event === 'recovered' || event === 'stalled')
              expect(since.some((each) => each === 'probe-unanswered' || each === 'retransmitting')).toBe(true);
            if (event === 'stalled') expect(since).not.toContain('stalled');
          }
        }
        for (const index of [0, 1, 2]) connections.observe([], 1_000_000 + index);
        expect([...connections.current()]).toEqual([]);
      }),
    );
  });
});
