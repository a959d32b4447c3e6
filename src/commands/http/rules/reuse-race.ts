import { formatDuration, plural } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { HttpFacts } from '../facts.ts';

export const rule: Rule<HttpFacts> = {
  id: 'reuse-race',
  title: 'Requests that meet the server closing an idle connection',
  explain: `**What it means.** A client reuses an idle connection at the very moment at which the server closes it. The request fails, though
neither side did anything wrong. kaprobe measured how wide that window is, and estimates how many requests it costs.

**Why it happens.** The server's FIN is still on the way when the request is sent. Or it has arrived, and the client did not look.
The window is about as wide as the delay of the path and the coarseness of the server's timer.

**How kaprobe knows.** It sent a second request on many idle connections, at ages around the measured close. For each it noted
whether the kernel had seen the end. The rate assumes random arrivals with the mean gap of \`--gap\`; regular traffic may hit the
window more often, or never. Bounds hold with 95 %.

**What to do.** Let the sender give idle connections up first: then it never meets the window. Where that is impossible, look for the
end before reuse, and retry idempotent requests once.

**Sources.** RFC 9112, section 9.5. RFC 9110, section 9.2.2 (which requests may be repeated).`,
  rank: 5,
  judge: ({ race }) => {
    if (race === null) return [];
    const { answeredCount, unforeseenCount, foreseeableCount, windowMs, perMillion, firstFailureMs, lastAnswerMs } =
      race;
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
