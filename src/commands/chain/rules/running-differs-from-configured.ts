import { formatDuration } from '../../../base/units.ts';
import { isKnown } from '../../../knowledge/hop.ts';
import type { Rule } from '../../../report/finding.ts';
import type { ChainFacts } from '../facts.ts';
import { describeLimit, saidBy } from '../wording.ts';

/** Servers look at their timers once a second, some less often; a twentieth is allowed for long ones. */
const TOLERANCE_MS = 1500;

export const rule: Rule<ChainFacts> = {
  id: 'running-differs-from-configured',
  title: 'A running server closes idle connections at another time than its file says',
  explain: `**What it means.** The server that answers at the measured URL does not do what its configuration says. Whatever you conclude from the
file does not hold for it.

**Why it happens.** The file was changed and the server not reloaded. Another file, an environment variable or a command line overrides it.
Or another server answers at that address: a proxy or load balancer in front, with its own idle timeout.

**How kaprobe knows.** With \`--measure\` it left three connections idle after a response, and timed the end of each. A difference of up to
1.5 s, or a twentieth of the configured value, is normal: servers look at their timers only now and then. Connections that were still open
when kaprobe stopped waiting count only beyond the configured value. kaprobe judges the chain by what it measured.

**What to do.** Reload or restart the server, and measure again. If the difference stays, ask who answers: compare the \`Server\` header
and the address, or measure from the server's own host. \`kaprobe http URL\` shows every connection that was timed.

**Sources.** RFC 9112, section 9.5. nginx(8), \`nginx -s reload\`. gunicorn's documentation, "Signal Handling" (HUP reloads).`,
  judge: (facts) => {
    if (facts.kind !== 'hop' || facts.hop.replaced === null) return [];
    const { name, replaced } = facts.hop;
    const { idleCloseMs: configured, observed } = replaced;
    if (!isKnown(configured)) return [];
    const { url, lowerMs, upperMs } = observed;
    const says = configured.value;
    if (says === 'never') {
      if (upperMs === null) return [];
    } else {
      const toleranceMs = Math.max(TOLERANCE_MS, says / 20);
      const tooSoon = upperMs !== null && upperMs < says - toleranceMs;
      const tooLate = lowerMs > says + toleranceMs;
      if (!tooSoon && !tooLate) return [];
    }
    const does =
      upperMs === null
        ? `keeps idle connections open for more than ${formatDuration(lowerMs)}`
        : upperMs === 0
          ? 'closes after each response'
          : `closes idle connections after ${formatDuration(upperMs)}`;
    return [
      {
        severity: 'warning',
        message: `${saidBy(configured)} says ${describeLimit(says)}, but the running ${name} at ${url} ${does}: not reloaded, or another server answers there`,
        evidence: {
          configured: describeLimit(says),
          configuredBy: saidBy(configured),
          measuredLowerMs: lowerMs,
          measuredUpperMs: upperMs,
          url,
        },
        remedy: [],
      },
    ];
  },
};
