import { formatDuration } from '../../units.ts';
import type { Rule } from '../facts.ts';
import { proposeKeepalive } from '../proposal.ts';
import { setsockoptLines } from '../remedy.ts';

/** SO_KEEPALIVE was off, on a connection that was over so soon that it may have been about to be switched on: a program may do that after connecting. */
export const keepaliveOffWhenLastSeen: Rule = (facts) => {
  const { glimpsed } = facts;
  if (glimpsed === null || glimpsed.enabled) return [];
  const recommended = proposeKeepalive(facts);
  return [
    {
      severity: 'warning',
      message: `TCP keepalive was off when the connection was last seen, ${formatDuration(glimpsed.watchedMs)} after the first time: one that lives longer may get it later, or never`,
      evidence: { enabled: false, watchedMs: glimpsed.watchedMs },
      remedy: recommended === null ? [] : [...setsockoptLines(recommended), ...facts.librarySwitches],
    },
  ];
};
