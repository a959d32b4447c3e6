import { UsageError } from '../../base/errors.ts';
import { quoted } from '../../base/quoted.ts';
import { DAY_MS, formatDuration, plural } from '../../base/units.ts';
import { applicationFor } from '../../connections/applications/for-scheme.ts';
import { applications } from '../../connections/applications/registry.generated.ts';
import type { Target } from '../../connections/target.ts';
import type { Bounds } from '../shared/options.ts';
import { cheapestRatio, type LadderPlan } from './ladder.ts';
import type { MeasureData } from './report.ts';
import { ladderSize } from './search.ts';

const HOUR_MS = 3_600_000;

/** What holds for what is not given. */
export const MEASURE_DEFAULTS = {
  minMs: 5000,
  maxMs: HOUR_MS,
  resolution: { share: 0.01, floorMs: 1000 },
  connections: 64,
} as const;

/** What values may be, in milliseconds where they are times. */
export const MEASURE_BOUNDS = {
  minMs: { min: 2000, max: 14 * DAY_MS, step: 1, shownDefault: MEASURE_DEFAULTS.minMs },
  maxMs: { min: 2000, max: 14 * DAY_MS, step: 1, shownDefault: MEASURE_DEFAULTS.maxMs },
  connections: { min: 8, max: 1024, step: 1, shownDefault: MEASURE_DEFAULTS.connections },
  /** Below this the kernel's clocks and those of the boxes are all that is measured. */
  floorMs: { min: 200, max: DAY_MS, step: 1 },
} as const satisfies Record<string, Bounds & { shownDefault?: number }>;

/** With which request a connection may begin: in a protocol that kaprobe speaks, or with none. */
export const WARMUPS: readonly string[] = [...Object.keys(applications), 'none'];

/** Who may speak first after the silence. */
export const DIRECTIONS = ['client', 'server', 'both'] as const satisfies readonly MeasureData['direction'][];
export type Side = Exclude<MeasureData['direction'], 'both'>;

/** What `measure` is asked, with every default filled in. */
export interface MeasureQuestion {
  target: Target;
  direction: MeasureData['direction'];
  minMs: number;
  maxMs: number;
  resolution: LadderPlan['resolution'];
  connections: number;
  /** The name of an application; null: none. */
  warmup: string | null;
  locate: boolean;
  resume: string | null;
}

/** A question with gaps: null leaves the value to the defaults. */
export type MeasureWish = Omit<MeasureQuestion, 'minMs' | 'maxMs' | 'resolution' | 'connections'> & {
  minMs: number | null;
  maxMs: number | null;
  resolution: LadderPlan['resolution'] | null;
  connections: number | null;
  /** `none`: no request, whatever the target's scheme; null: the scheme's. */
  warmup: string | null;
};

/** Fills the gaps. Values must be within their bounds; throws a UsageError for those that do not go together. */
export function measureQuestion(wish: MeasureWish): MeasureQuestion {
  const { target, direction, warmup } = wish;
  const maxMs = wish.maxMs ?? Math.max(MEASURE_DEFAULTS.maxMs, 2 * (wish.minMs ?? 0));
  const minMs = wish.minMs ?? Math.min(MEASURE_DEFAULTS.minMs, maxMs / 2);
  if (minMs >= maxMs) {
    throw new UsageError(
      `--min ${formatDuration(minMs)} is not below --max ${formatDuration(maxMs)}`,
      'there is nothing between them to look for',
    );
  }
  const resolution = wish.resolution ?? MEASURE_DEFAULTS.resolution;
  const connections = wish.connections ?? MEASURE_DEFAULTS.connections;
  if (direction !== 'client') refuseWithoutServe(wish);
  if (connections < fewestConnections(direction)) {
    throw new UsageError(
      `--direction ${direction} leaves too few of ${plural(connections, 'connection')} for each`,
      `at least ${fewestConnections(direction)}`,
    );
  }
  for (const side of sidesOf(direction)) {
    const size = ladderSize(shareOf(direction, connections), side);
    if (wish.resolution !== null) refuseTooFine(resolution, { connections, ladderSize: size }, maxMs);
  }
  if (warmup !== null && !WARMUPS.includes(warmup))
    throw new UsageError(`there is no protocol ${quoted(warmup)} to begin with`, `one of ${WARMUPS.join(', ')}`);
  const own = applicationFor(target.scheme);
  const named = Object.keys(applications).find((name) => applications[name] === own) ?? null;
  return {
    ...wish,
    minMs,
    maxMs,
    resolution,
    connections,
    warmup: warmup === null ? named : warmup === 'none' ? null : warmup,
  };
}

/** Below this no ladder is worth its time. */
export function fewestConnections(direction: MeasureData['direction']): number {
  return sidesOf(direction).length * MEASURE_BOUNDS.connections.min;
}

/** What cannot be asked together with the far end's speaking, which only `kaprobe serve` does. */
function refuseWithoutServe({ target: { scheme }, direction, warmup, locate }: MeasureWish): void {
  if (scheme !== 'tcp') {
    throw new UsageError(
      `--direction ${direction} needs kaprobe serve at the far end, which does not speak ${scheme}`,
      'give the target as host:port',
    );
  }
  if (warmup !== null && warmup !== 'none') {
    throw new UsageError(
      `--direction ${direction} needs kaprobe serve at the far end, which takes no --warmup`,
      'leave --warmup out',
    );
  }
  if (locate && direction === 'server') {
    throw new UsageError(
      '--locate follows what this side sends, and --direction server waits for what the far end sends',
      'use --direction both',
    );
  }
}

/** The sides that speak first, each on connections of its own. */
export function sidesOf(direction: MeasureData['direction']): readonly Side[] {
  return direction === 'both' ? ['client', 'server'] : [direction];
}

/** Connections that one side may have. */
export function shareOf(direction: MeasureData['direction'], connections: number): number {
  return direction === 'both' ? Math.floor(connections / 2) : connections;
}

/** Each rung leaves a gap that a few rounds must narrow, each of which divides it by no more than the connections that are left. */
function refuseTooFine(
  { share, floorMs }: LadderPlan['resolution'],
  { connections, ladderSize }: { connections: number; ladderSize: number },
  maxMs: number,
): void {
  const ROUNDS = 6;
  const gapShare = cheapestRatio(ladderSize).ratio - 1;
  const finestMs = (gapShare * maxMs) / 2 ** ROUNDS;
  if (Math.max(floorMs, share * maxMs) >= finestMs) return;
  const stepMs = finestMs < 59_000 ? 100 : 1000; // as it is written
  const givenMs = Math.ceil(finestMs / stepMs) * stepMs;
  throw new UsageError(
    `--resolution is finer than ${plural(connections, 'connection')} can tell for timeouts up to ${formatDuration(maxMs)}`,
    `the finest that they can tell is ${formatDuration(givenMs)}; give more --connections, or a shorter --max`,
  );
}
