import { expect, test } from 'vitest';
import { type EndCounters, endedByReset } from '../../../src/commands/watch/reset-evidence.ts';

const last: EndCounters = {
  ...{ unackedSegments: 0, unansweredProbes: 0 },
  ...{ segmentsOut: 4, segmentsIn: 3, bytesReceived: 2 },
};

// The counters of real connections at their ends, on Linux 6.18; test/cli/watch.test.ts brings some of these about.
test.each<[how: string, isReset: boolean, end: Partial<EndCounters>, before?: Partial<EndCounters>]>([
  ['an RST', true, { segmentsIn: 4 }],
  ['an RST in answer to a keepalive probe', true, { segmentsOut: 5, segmentsIn: 4, unansweredProbes: 1 }],
  ['an RST after probes without answer', true, { segmentsIn: 4, unansweredProbes: 2 }, { unansweredProbes: 2 }],
  ['nothing that came', false, {}],
  ['FIN both ways, the peer first', false, { segmentsOut: 6, segmentsIn: 5, bytesReceived: 3 }],
  ['FIN both ways at once', false, { segmentsOut: 6, segmentsIn: 4, bytesReceived: 3 }],
  ['a FIN that came, and an RST', false, { segmentsIn: 5, bytesReceived: 3 }],
  ['a FIN that went and drew an RST', false, { segmentsOut: 5, segmentsIn: 4 }],
  ['the process, by an RST', false, { segmentsOut: 0, segmentsIn: 0, bytesReceived: 0 }],
  ['ss -K', false, { segmentsOut: 5 }],
  ['the kernel, after the last probe', false, { segmentsOut: 5, unansweredProbes: 3 }, { unansweredProbes: 3 }],
  ['data that came, and an RST', false, { segmentsOut: 5, segmentsIn: 5, bytesReceived: 3 }],
  ['an RST on data in flight, as far as can be told', false, { segmentsIn: 4 }, { unackedSegments: 1 }],
  ['a kernel that does not count', false, { segmentsIn: 4, segmentsOut: null }, { segmentsOut: null }],
  ['a kernel that does not count bytes', false, { segmentsIn: 4, bytesReceived: null }],
  ['a socket without TCP_INFO before', false, { segmentsIn: 4 }, { unackedSegments: null }],
])('what was ended by %s is told as a reset: %s', (_, isReset, end, before = {}) => {
  expect(endedByReset({ ...last, ...before }, { ...last, ...end })).toBe(isReset);
});
