import type { SurvivalOutcome } from '../observation.ts';
import type { HttpIdleClose, HttpIdleSample } from './observation.ts';

/** The outcomes that are an end. */
const ENDS: readonly SurvivalOutcome[] = ['closed', 'reset', 'unreachable'];

/**
 * What several idle connections to one server came to. Ended: the first and the last of them, and how the first ended; `upperMs` is null when
 * some were still open. None ended: `stalled` before `alive`, with the shortest of their times. null: there was no connection.
 */
export function summariseIdle(samples: readonly HttpIdleSample[]): HttpIdleClose | null {
  if (samples.length === 0) return null;
  const measured = samples
    .flatMap(({ outcome, idleMs }) => (idleMs === null || outcome === 'unmeasured' ? [] : [{ outcome, idleMs }]))
    .sort((one, other) => one.idleMs - other.idleMs);
  const ended = measured.filter(({ outcome }) => ENDS.includes(outcome));
  const [first] = ended;
  if (first !== undefined) {
    const last = ended.length < measured.length ? null : (ended.at(-1)?.idleMs ?? null);
    return { lowerMs: first.idleMs, upperMs: last, outcome: first.outcome };
  }
  const silent = measured.find(({ outcome }) => outcome === 'stalled') ?? measured[0];
  return silent === undefined
    ? { lowerMs: null, upperMs: null, outcome: 'unmeasured' }
    : { lowerMs: silent.idleMs, upperMs: null, outcome: silent.outcome };
}
