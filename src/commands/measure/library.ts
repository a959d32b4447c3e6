import { parseTarget } from '../../connections/target.ts';
import type { Report } from '../../report/report.ts';
import { ask, COMMON, flag, number, object, oneOf, type Reader, text } from '../shared/library.ts';
import type { LibraryOptions } from '../shared/library-types.ts';
import { measureTarget } from './measure-target.ts';
import { DIRECTIONS, MEASURE_BOUNDS, MEASURE_DEFAULTS, measureQuestion, WARMUPS } from './question.ts';
import type { MeasureData } from './report.ts';

/** What may be given to `measure`. Times are milliseconds; what is left out is as on the command line. */
export interface MeasureOptions extends LibraryOptions {
  /** The shortest and the longest idle time to try. Default: 5 s and an hour. */
  minMs?: number;
  maxMs?: number;
  /** How narrow the answer has to be: this share of the timeout, but no less than that. Default: 0.01 and 1000. */
  resolution?: { share?: number; floorMs?: number };
  /** Connections open at once, at most. Default: 64. */
  connections?: number;
  /** Who speaks first after the silence: this side, the far end (which needs `kaprobe serve`), or both. Default: `client`. */
  direction?: 'client' | 'server' | 'both';
  /** With which request each connection begins: the name of a protocol, or `none`. Default: the scheme's. */
  warmup?: string;
  /** Whether to look for the hop that drops idle connections. Default: false. */
  locate?: boolean;
}

const options = object({
  ...COMMON,
  minMs: number(MEASURE_BOUNDS.minMs),
  maxMs: number(MEASURE_BOUNDS.maxMs),
  resolution: object({ share: number({ min: 0, max: 0.99 }), floorMs: number(MEASURE_BOUNDS.floorMs) }),
  connections: number(MEASURE_BOUNDS.connections),
  direction: oneOf(DIRECTIONS),
  warmup: oneOf(WARMUPS),
  locate: flag,
} satisfies Record<keyof MeasureOptions, Reader<unknown>>);

/**
 * Measures after how long the path to a target (`host:port`, `[v6]:port` or a URL) forgets an idle connection, in about 1.1 times that long.
 * A target that cannot be reached is part of the report; rejects with a UsageError for a target or options that cannot be meant.
 */
export async function measure(target: string, given: MeasureOptions = {}): Promise<Report<MeasureData, 'measure'>> {
  const { resolution, ...read } = options(given, 'measure');
  const question = measureQuestion({
    target: parseTarget(text(target, 'target')),
    direction: read.direction ?? 'client',
    minMs: read.minMs ?? null,
    maxMs: read.maxMs ?? null,
    resolution: resolution === undefined ? null : { ...MEASURE_DEFAULTS.resolution, ...resolution },
    connections: read.connections ?? null,
    warmup: read.warmup ?? null,
    locate: read.locate ?? false,
    resume: null,
  });
  return ask('measure', read, (context) => measureTarget(question, context));
}
