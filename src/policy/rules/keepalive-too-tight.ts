import { formatDuration } from '../../units.ts';
import type { Rule } from '../facts.ts';
import { deadAfterMs } from '../keepalive.ts';
import { proposeKeepalive } from '../proposal.ts';
import { setsockoptLines } from '../remedy.ts';

/** A path may be silent this long, while a route changes or a link fails over, without anything being wrong. */
const BLIP_MS = 10_000;

/** Settings so tight that a short interruption of the path ends a healthy connection. */
export const keepaliveTooTight: Rule = (facts) => {
  const { settings } = facts;
  if (settings === null || !settings.keepalive.enabled) return [];
  const after = deadAfterMs(settings.keepalive);
  if (after >= BLIP_MS) return [];
  const { idleMs, intervalMs, count, userTimeoutMs } = settings.keepalive;
  // What has just been shown to keep the connection may be tight itself: then nothing better is known.
  const proposed = proposeKeepalive(facts);
  const recommended = proposed === settings.keepalive ? null : proposed;
  return [
    {
      severity: 'warning',
      message: `an idle connection is given up after only ${formatDuration(after)} of silence: an interruption of the path that lasts that long ends a healthy connection`,
      evidence: { deadAfterMs: after, idleMs, intervalMs, count, ...(userTimeoutMs === 0 ? {} : { userTimeoutMs }) },
      remedy: recommended === null ? [] : setsockoptLines(recommended),
    },
  ];
};
