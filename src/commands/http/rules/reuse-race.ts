import { formatDuration, plural } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'reuse-race',
  title:
    "Measured: in how wide a window around the server's closing a request on a reused connection fails, and what that costs",
  explain: '',
  judge: ({ http }) => {
    if (http === null || http.race === null) return [];
    const { answeredCount, unforeseenCount, foreseeableCount, windowMs, perMillion, firstFailureMs, lastAnswerMs } =
      http.race;
    if (windowMs === null || perMillion === null) return [];
    const { whoLooks, whoDoesNotLook, meanGapMs } = perMillion;
    const sent = answeredCount + unforeseenCount + foreseeableCount;
    const gap = `with ${formatDuration(meanGapMs)} between requests on average, at random`;
    const costs = `${gap}, that is ${atMost(whoLooks)} per million, and ${count(whoDoesNotLook)} for a client that does not look before it reuses a connection`;
    const window = `the window is about ${formatDuration(windowMs.estimate)} wide`;
    return [
      {
        severity: unforeseenCount > 0 ? 'warning' : 'info',
        message:
          unforeseenCount > 0
            ? `${unforeseenCount} of ${plural(sent, 'request')} failed with no sign of the closing when they were sent: ${window}; ${costs}`
            : `none of ${plural(sent, 'request')} met the closing before there was a sign of it: the window is narrower than ${formatDuration(windowMs.atMost)} here; ${costs}`,
        evidence: {
          answered: answeredCount,
          failedUnforeseen: unforeseenCount,
          failedAfterSign: foreseeableCount,
          firstFailureMs,
          lastAnswerMs,
          ...(unforeseenCount > 0 ? { windowMs: windowMs.estimate } : {}),
          windowAtMostMs: windowMs.atMost,
          meanGapMs,
        },
        remedy: [
          '# a sender that gives idle connections up first never meets the window;',
          '# where that cannot be: look before reuse, retry what is idempotent once',
        ],
      },
    ];
  },
};

/** `about 12 (at most 40)`, `at most 40`. */
function atMost({ estimate, atMost: most }: { estimate: number; atMost: number }): string {
  return estimate > 0
    ? `about ${count(estimate)} failures (at most ${count(most)})`
    : `at most ${count(most)} failures`;
}

/** Two digits say as much as the samples do. */
function count(number: number): string {
  return String(number < 100 ? Number(number.toPrecision(2)) : Math.round(Number(number.toPrecision(2))));
}
