import { describe, expect, test } from 'vitest';
import type { FlowWatch } from '../../../src/commands/timewait/report.ts';
import { type ReuseSocket, startReuseWatch } from '../../../src/commands/timewait/reuse-watch.ts';

/** `a` established, `a~300` established and last used 300 ms ago, `a!` in TIME_WAIT. */
function sample(text: string): [string, ReuseSocket][] {
  return text
    .split(' ')
    .filter(Boolean)
    .map((word) => {
      const [, cookie = '', lastData, over] = /^([a-z]+)(?:~(\d+))?(!?)$/.exec(word) ?? [];
      return [
        'flow',
        {
          cookie,
          state: over === '!' ? 'time-wait' : 'established',
          lastDataMs: lastData === undefined ? null : Number(lastData),
        },
      ];
    });
}

/** The samples are a second apart. */
function watched([first = '', ...rest]: string[]): FlowWatch | undefined {
  const watch = startReuseWatch(sample(first));
  for (const [index, text] of rest.entries()) watch.sample(sample(text), (index + 1) * 1000);
  return watch.results().get('flow');
}

describe('while sockets are watched', () => {
  test.each<[string, string[], Partial<FlowWatch>]>([
    ['one that stays and carries data is reused', ['a', 'a~300'], { kept: 1, keptUsed: 1, opened: 0 }],
    ['one that stays in silence is not', ['a~100', 'a~1100', 'a~2100'], { kept: 1, keptUsed: 0 }],
    ['data in the middle counts', ['a', 'a~300', 'a~1300', 'a~2300'], { keptUsed: 1 }],
    ['of which data is not known, nothing is said', ['a', 'a', 'a'], { kept: 1, keptUsed: null }],
    ['one that appears is new, once', ['', 'a', 'a~10'], { opened: 1, kept: 0, keptUsed: 0 }],
    ['one that came and went between two looks leaves its TIME_WAIT', ['', 'a!', 'a!'], { opened: 1, closedHere: 1 }],
    ['one that was there and is closed here is not new', ['a', 'a!'], { opened: 0, closedHere: 1, kept: 0 }],
    ['what was in TIME_WAIT at first is neither', ['a!', 'a!', ''], { opened: 0, closedHere: 0, kept: 0 }],
    ['one that is gone without a trace is not kept', ['a', ''], { opened: 0, closedHere: 0, kept: 0 }],
  ])('%s', (_, samples, expected) => {
    expect(watched(samples) ?? { opened: 0, closedHere: 0, kept: 0, keptUsed: 0 }).toMatchObject(expected);
  });

  test('flows are kept apart', () => {
    const [[, socket] = fail()] = sample('a~1');
    const watch = startReuseWatch([['one', socket]]);
    watch.sample(
      [
        ['one', socket],
        ['other', { ...socket, cookie: 'b' }],
      ],
      1000,
    );
    expect([...watch.results()]).toEqual([
      ['one', { opened: 0, closedHere: 0, kept: 1, keptUsed: 1 }],
      ['other', { opened: 1, closedHere: 0, kept: 0, keptUsed: 0 }],
    ]);
  });
});

function fail(): never {
  throw new Error('there is a socket');
}
