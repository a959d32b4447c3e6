import { formatDuration, plural } from '../../base/units.ts';
import type { CommandContext } from '../room.ts';
import type { AgeTest, MeasureData } from './report.ts';
import type { MeasureProgress } from './search.ts';

/** What the verdict on the last connections takes, beside their silence. */
const VERDICT_MS = 10_000;
/** What the ladder takes longer than the timeout. */
const LADDER_SHARE = 1.1;
/** By how much longer a silence must be than the last one that was told, when nothing died of it. */
const NEWS_SHARE = 1.25;

type Side = Exclude<MeasureData['direction'], 'both'>;
type Bracket = Pick<MeasureProgress, 'lowerMs' | 'upperMs'>;

/**
 * Tells how a measurement goes: a line that stays for each connection that died, with what follows from it, and for those that lived whenever the silence has got a good
 * deal longer; and one that replaces itself. Returns what is known of all sides together: what every one of them survives, and from when on
 * none does.
 */
export function measureProgress(
  { direction, maxMs }: Pick<MeasureData, 'direction'> & { maxMs: number },
  { progress, note }: Pick<CommandContext, 'progress' | 'note'>,
): (side: Side, state: MeasureProgress) => Bracket {
  const states = new Map<Side, MeasureProgress>();
  const toldMs = new Map<Side, number>();
  return (side, state) => {
    states.set(side, state);
    const who = direction === 'both' ? SPEAKERS[side] : '';
    for (const test of state.news) {
      if (test.outcome === 'unmeasured') continue;
      if (test.outcome === 'alive' && test.ageMs < NEWS_SHARE * (toldMs.get(side) ?? 0)) continue;
      if (test.outcome === 'alive') toldMs.set(side, test.ageMs);
      note?.(who + newsLine(test, state));
    }
    if (state.news.some(({ outcome }) => outcome !== 'alive' && outcome !== 'unmeasured'))
      note?.(`${who}timeout so far: ${describe(state)}`);
    const all = [...states.values()];
    progress(statusLine(all, maxMs));
    if (all.length < (direction === 'both' ? 2 : 1)) return { lowerMs: 0, upperMs: null };
    const lowerMs = Math.min(...all.map((each) => each.lowerMs));
    const uppers = all.flatMap(({ upperMs }) => (upperMs === null ? [] : [upperMs]));
    const upperMs = uppers.length < all.length ? null : Math.max(lowerMs, ...uppers);
    return { lowerMs, upperMs };
  };
}

const OUTCOMES = {
  alive: 'lived',
  stalled: 'died: silence',
  reset: 'died: RST',
  closed: 'was closed',
  unreachable: 'died: unreachable',
} as const satisfies Record<Exclude<AgeTest['outcome'], 'unmeasured'>, string>;

const SPEAKERS = { client: 'this side  ', server: 'far end    ' } as const satisfies Record<Side, string>;

function newsLine({ ageMs, outcome }: AgeTest, { elapsedMs }: MeasureProgress): string {
  if (outcome === 'unmeasured') return '';
  return `after ${formatDuration(elapsedMs).padStart(9)}  idle ${precise(ageMs).padStart(9)}  ${OUTCOMES[outcome]}`;
}

function statusLine(states: readonly MeasureProgress[], maxMs: number): string {
  const elapsedMs = Math.max(...states.map((state) => state.elapsedMs));
  const open = states.reduce((sum, { openCount }) => sum + openCount, 0);
  const left = Math.max(...states.map((state) => leftMs(state, maxMs)));
  const brackets = [...new Set(states.map(describe))].join(' / ');
  return `${formatDuration(elapsedMs)} passed, at most ${formatDuration(left)} left; timeout ${brackets}; ${plural(open, 'connection')}`;
}

/** At the worst the next one that has to tell is as young as can be. */
function leftMs({ elapsedMs, upperMs }: MeasureProgress, maxMs: number): number {
  return upperMs === null
    ? Math.max(0, LADDER_SHARE * maxMs - elapsedMs) + VERDICT_MS
    : Math.max(0, upperMs) + VERDICT_MS;
}

function describe({ lowerMs, upperMs }: Bracket): string {
  if (upperMs === null) return lowerMs === 0 ? 'not known yet' : `above ${precise(lowerMs)}`;
  return `${precise(lowerMs)} to ${precise(upperMs)}`;
}

/** Tenths of a second up to ten minutes. */
function precise(ms: number): string {
  return ms < 600_000 ? `${(ms / 1000).toFixed(1)} s` : formatDuration(ms);
}
