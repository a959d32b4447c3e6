import { formatDuration } from '../../../base/units.ts';
import { isKnown } from '../../../knowledge/hop.ts';
import type { Rule } from '../../../report/finding.ts';
import type { ChainFacts } from '../facts.ts';
import { describeLimit, saidBy } from '../wording.ts';

/** Servers look at their timers once a second, some less often; a twentieth is allowed for long ones. */
const TOLERANCE_MS = 1500;

export const rule: Rule<ChainFacts> = {
  id: 'running-differs-from-configured',
  title: 'A running server closes idle connections at another time than its configuration says',
  explain: '',
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
